// The peer of the benchmark verb `index-compare`: FAISS's indexes of binary codes (https://github.com/facebookresearch/faiss,
// MIT licence), compiled for the processor that they run on; compare-index.sh does it.
//
//   faiss_index CODES QUERIES BITS INDEX      INDEX: flat, or approximate: ivf, hnsw, multihash
//
// It loads and builds, prints one line of JSON, and then answers each line `K RADIUS BATCH THREADS QUERIES SECONDS EFFORT` of its
// standard input by one line: it searches for the first QUERIES queries, BATCH at a time, over and over until SECONDS have passed.
// RADIUS -1: the K nearest; else all within the radius, whatever K is. EFFORT: nprobe, efSearch, nflip.
//
// `flat` is FAISS's exact scan (hammings_knn_hc and hamming_range_search of its utils/hamming.cpp: one heap for each query, blocks of
// 65,536 codes), written anew around FAISS's own HammingComputer, heap and result lists: Debian's library is built without the POPCNT
// instruction and five times slower, no bar at all.
#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>
#include <faiss/IndexBinaryHash.h>
#include <faiss/IndexBinaryIVF.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/utils/Heap.h>
#include <faiss/utils/hamming.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static size_t resident() {
    size_t pages = 0, own = 0;
    FILE* f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%zu %zu", &pages, &own) != 2) exit(1);
    fclose(f);
    return own * 4096;
}

static std::vector<uint8_t> load(const char* path) {
    FILE* f = fopen(path, "rb");
    if (!f) { perror(path); exit(1); }
    fseek(f, 0, SEEK_END);
    std::vector<uint8_t> v(ftell(f));
    rewind(f);
    if (fread(v.data(), 1, v.size(), f) != v.size()) { perror(path); exit(1); }
    fclose(f);
    return v;
}

template <class HC>
static void nearest(int cs, const uint8_t* q, int nq, const uint8_t* b, size_t n, int k, int32_t* dis, int64_t* ids) {
    for (int i = 0; i < nq; i++) faiss::maxheap_heapify(k, dis + (size_t)i * k, ids + (size_t)i * k);
    const size_t block = 65536;
    for (size_t j0 = 0; j0 < n; j0 += block) {
        size_t j1 = std::min(n, j0 + block);
#pragma omp parallel for
        for (int i = 0; i < nq; i++) {
            HC hc(q + (size_t)i * cs, cs);
            int32_t* d = dis + (size_t)i * k;
            int64_t* l = ids + (size_t)i * k;
            const uint8_t* p = b + j0 * cs;
            for (size_t j = j0; j < j1; j++, p += cs) {
                int x = hc.hamming(p);
                if (x < d[0]) faiss::maxheap_replace_top(k, d, l, x, (int64_t)j);
            }
        }
    }
    for (int i = 0; i < nq; i++) faiss::maxheap_reorder(k, dis + (size_t)i * k, ids + (size_t)i * k);
}

template <class HC>
static void within(int cs, const uint8_t* q, int nq, const uint8_t* b, size_t n, int radius, faiss::RangeSearchResult* found) {
#pragma omp parallel
    {
        faiss::RangeSearchPartialResult partial(found);
#pragma omp for
        for (int i = 0; i < nq; i++) {
            HC hc(q + (size_t)i * cs, cs);
            const uint8_t* p = b;
            faiss::RangeQueryResult& own = partial.new_result(i);
            for (size_t j = 0; j < n; j++, p += cs) {
                int x = hc.hamming(p);
                if (x <= radius) own.add(x, j);
            }
        }
        partial.finalize();
    }
}

struct Codes {
    int bits, size;
    std::vector<uint8_t> base, queries;
    size_t n() const { return base.size() / size; }
    const uint8_t* query(int i) const { return &queries[(size_t)i * size]; }

    void nearest_flat(int first, int count, int k, int32_t* dis, int64_t* ids) const {
        auto run = bits == 64 ? nearest<faiss::HammingComputer8>
                 : bits == 128 ? nearest<faiss::HammingComputer16>
                 : bits == 32 ? nearest<faiss::HammingComputer4>
                              : nearest<faiss::HammingComputerDefault>;
        run(size, query(first), count, base.data(), n(), k, dis, ids);
    }

    void within_flat(int first, int count, int radius, faiss::RangeSearchResult* found) const {
        auto run = bits == 64 ? within<faiss::HammingComputer8>
                 : bits == 128 ? within<faiss::HammingComputer16>
                 : bits == 32 ? within<faiss::HammingComputer4>
                              : within<faiss::HammingComputerDefault>;
        run(size, query(first), count, base.data(), n(), radius, found);
    }
};

static const int lists = 1024, links = 16, construction = 40, hashes = 4;

static std::unique_ptr<faiss::IndexBinary> make(const std::string& name, const Codes& c, std::string& settings) {
    std::unique_ptr<faiss::IndexBinary> index;
    if (name == "ivf") {
        auto quantizer = new faiss::IndexBinaryFlat(c.bits);
        auto ivf = new faiss::IndexBinaryIVF(quantizer, c.bits, lists);
        ivf->own_fields = true;
        index.reset(ivf);
        // 64 codes a centre, evenly from the whole.
        size_t count = std::min<size_t>(c.n(), 64 * lists);
        std::vector<uint8_t> sample(count * c.size);
        for (size_t i = 0; i < count; i++) memcpy(&sample[i * c.size], &c.base[i * c.n() / count * c.size], c.size);
        index->train(count, sample.data());
        settings = "IVF, nlist 1024";
    } else if (name == "hnsw") {
        auto hnsw = new faiss::IndexBinaryHNSW(c.bits, links);
        hnsw->hnsw.efConstruction = construction;
        index.reset(hnsw);
        settings = "HNSW, M 16, efConstruction 40";
    } else if (name == "multihash") {
        index.reset(new faiss::IndexBinaryMultiHash(c.bits, hashes, std::min(16, c.bits / hashes)));
        settings = "MultiHash, 4 x 16 bits";
    } else {
        fprintf(stderr, "no index '%s'; there are flat, ivf, hnsw, multihash\n", name.c_str());
        exit(2);
    }
    index->add(c.n(), c.base.data());
    return index;
}

static void set(faiss::IndexBinary* index, int effort) {
    if (auto ivf = dynamic_cast<faiss::IndexBinaryIVF*>(index)) ivf->nprobe = effort;
    if (auto hnsw = dynamic_cast<faiss::IndexBinaryHNSW*>(index)) hnsw->hnsw.efSearch = effort;
    if (auto hash = dynamic_cast<faiss::IndexBinaryMultiHash*>(index)) hash->nflip = effort;
}

int main(int argc, char** argv) {
    if (argc != 5) { fprintf(stderr, "usage: faiss_index CODES QUERIES BITS flat|ivf|hnsw|multihash\n"); return 2; }
    Codes c{atoi(argv[3]), atoi(argv[3]) / 8, load(argv[1]), load(argv[2])};
    size_t before = resident();
    double start = now();
    std::string settings = "flat";
    std::unique_ptr<faiss::IndexBinary> index;
    if (strcmp(argv[4], "flat")) index = make(argv[4], c, settings);
    double bytes = index ? (double)(resident() - before) / c.n() : c.size;
    printf("{\"settings\": \"%s\", \"version\": \"%d.%d.%d\", \"n\": %zu, \"build_s\": %.2f, \"bytes_per_code\": %.1f}\n", settings.c_str(),
           FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH, c.n(), now() - start, bytes);
    fflush(stdout);

    std::map<std::pair<int, int>, std::vector<int32_t>> truth;  // k-th distance of each query, by (k, queries)
    int k, radius, batch, threads, count, effort;
    double seconds;
    while (scanf("%d %d %d %d %d %lf %d", &k, &radius, &batch, &threads, &count, &seconds, &effort) == 7) {
        omp_set_num_threads(threads);
        if (index) set(index.get(), effort);
        std::vector<int32_t> dis(radius < 0 ? (size_t)count * k : 0);
        std::vector<int64_t> ids(dis.size());
        long hits = 0, sum = 0;
        int passes = 0;
        start = now();
        do {
            hits = sum = 0;
            for (int s = 0; s < count; s += batch) {
                int m = std::min(batch, count - s);
                if (radius >= 0) {
                    faiss::RangeSearchResult found(m);
                    c.within_flat(s, m, radius, &found);
                    hits += found.lims[m];
                    for (size_t i = 0; i < found.lims[m]; i++) sum += (long)found.distances[i];
                } else if (index) {
                    index->search(m, c.query(s), k, &dis[(size_t)s * k], &ids[(size_t)s * k]);
                } else {
                    c.nearest_flat(s, m, k, &dis[(size_t)s * k], &ids[(size_t)s * k]);
                }
            }
            passes++;
        } while (now() - start < seconds);
        double ms = (now() - start) * 1e3 / passes / count;

        // The sum of the k-th distances is equal for every exact index; recall counts distances, so that ties do not matter.
        double recall = 1;
        if (radius < 0) {
            hits = (long)count * k;
            for (int i = 0; i < count; i++) sum += dis[(size_t)i * k + k - 1];
        }
        if (index) {
            auto& limit = truth[{k, count}];
            if (limit.empty()) {
                std::vector<int32_t> d(dis.size());
                std::vector<int64_t> l(dis.size());
                c.nearest_flat(0, count, k, d.data(), l.data());
                for (int i = 0; i < count; i++) limit.push_back(d[(size_t)i * k + k - 1]);
            }
            size_t good = 0;
            for (size_t i = 0; i < dis.size(); i++) good += ids[i] >= 0 && dis[i] <= limit[i / k];
            recall = (double)good / dis.size();
        }
        printf("{\"ms\": %.6f, \"hits\": %ld, \"distances\": %ld, \"recall\": %.5f}\n", ms, hits, sum, recall);
        fflush(stdout);
    }
}
