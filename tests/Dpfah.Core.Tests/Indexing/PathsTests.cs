using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>Each kernel and each path on its own against the definition, at sizes that fill no vector and no block.</summary>
public class PathsTests
{
    private const int SignatureBits = 16;
    private const int Different = 700;

    private static readonly SearchCosts NeverTables = new(0, 0, 1, 1, 1, 1, 0);
    private static readonly SearchCosts AlwaysTables = new(1e12, 1e12, 1, 1, 1, 1e9, 0);

    public static TheoryData<string, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int>();
            foreach (ScanKernel kernel in ScanKernel.Supported)
            {
                foreach (int bits in new[] { 8, 16, 32, 48, 64, 72, 96, 120, 128, 192 })
                {
                    cases.Add(kernel.Name, bits, 1 + ((bits * 37) % 1_500));
                }
            }

            return cases;
        }
    }

    [Fact]
    public void A_scan_counts_for_the_less_the_wider_the_vectors_unless_costs_are_set()
    {
        SearchCosts[] costs = [.. ScanKernel.Supported.Select(kernel => new IndexTuning { Kernel = kernel }.Costs)];
        Assert.Equal(costs.OrderByDescending(cost => cost.ScannedCode), costs);
        Assert.Equal(costs.OrderByDescending(cost => cost.SlicedCode), costs);
        Assert.Same(AlwaysTables, new IndexTuning { Costs = AlwaysTables }.Costs);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_path_gives_the_ranking_of_the_definition(string kernel, int bits, int count)
    {
        var random = new Random(bits);
        BinaryCode[] codes = [.. Enumerable.Range(0, Different).Select(_ => Random(bits, random))];
        IndexEntry<Item>[] entries =
        [
            .. Enumerable.Range(0, count).Select(id => new IndexEntry<Item>(
                (7_919L * id % count) - 5, codes[random.Next(Different)], Random(SignatureBits, random), new Item($"{id}", id % 4))),
        ];
        IndexQuery<Item>[] queries = [.. Enumerable.Range(0, 6).Select(i => new IndexQuery<Item>
        {
            Code = i % 2 == 0 ? entries[random.Next(count)].Code : Random(bits, random),
            Signature = i % 3 == 0 ? null : Random(SignatureBits, random),
            K = new[] { 1, 10, 100, int.MaxValue }[i % 4],
            Radius = i == 3 ? bits / 3 : null,
            Filter = i == 4 ? ItemFilter.In("label", FieldValue.Of(1)) : null,
        })];
        foreach (SearchCosts costs in new[] { NeverTables, AlwaysTables })
        {
            var tuning = new IndexTuning
            {
                Kernel = ScanKernel.Supported.Single(k => k.Name == kernel),
                LeastTabledCodes = 1,
                LeastSliced = 2,
                MergesInBackground = false,
                Costs = costs,
            };
            var loader = new IndexLoader<Item>(bits, SignatureBits, 3, tuning);
            foreach (IndexEntry<Item> entry in entries)
            {
                loader.Add(entry.Id, entry.Code.Words, entry.Signature.Words, entry.Item);
            }

            HammingIndex<Item> index = loader.Build();
            Agree(index, entries);
            index.Apply([.. entries.Where(e => e.Id % 3 == 0).Select(e => IndexChange<Item>.Delete(e.Id))]);
            Agree(index, [.. entries.Where(e => e.Id % 3 != 0)]);

            PathCounts paths = index.Snapshot.Paths;
            bool tables = costs == AlwaysTables;
            Assert.Equal(tables, paths.Tables != 0);
            Assert.Equal(!tables && bits <= BitPlanes.MaxBits, paths.Sliced != 0);
        }

        void Agree(HammingIndex<Item> index, IndexEntry<Item>[] live)
        {
            IndexAnswer<Item>[] expected = [.. queries.Select(q => NaiveRanking.Search(live, q))];
            IndexAnswer<Item>[] together = index.Snapshot.SearchBatch(queries);
            for (int i = 0; i < queries.Length; i++)
            {
                NaiveRanking.AssertSame(expected[i], together[i]);
                NaiveRanking.AssertSame(expected[i], index.Snapshot.Search(queries[i]));
            }
        }
    }

    [Fact]
    public void This_processor_runs_vector_kernels() => Assert.True(ScanKernel.Supported.Count > 1, "Only the plain loop would be tested here.");

    [Fact]
    public void A_loader_refuses_an_id_twice_and_a_wrong_number_of_words()
    {
        var loader = new IndexLoader<int>(64, 0, 2);
        Assert.Throws<ArgumentException>("code", () => loader.Add(1, [1, 2], [], 0));
        Assert.Throws<ArgumentException>("signature", () => loader.Add(1, [1], [1], 0));
        loader.Add(2, [1], [], 0);
        loader.Add(1, [2], [], 0);
        loader.Add(2, [3], [], 0);
        ArgumentException error = Assert.Throws<ArgumentException>(() => loader.Build());
        Assert.Contains("Item 2", error.Message);
    }

    [Fact]
    public void A_merge_keeps_what_was_deleted_while_it_ran()
    {
        var index = new HammingIndex<int>(16, 0, new IndexTuning { TailCapacity = 4, MergesInBackground = false });
        index.Apply([.. Enumerable.Range(0, 9).Select(id => IndexChange<int>.Put(id, BinaryCode.FromBytes([(byte)(id / 2), 0]), default, id))]);
        IndexSnapshot<int> old = index.Snapshot;
        SegmentMerge<int> merge = SegmentMerge<int>.Due(old, IndexTuning.Default)!;
        var built = merge.Build();
        index.Apply([IndexChange<int>.Delete(3), IndexChange<int>.Put(5, BinaryCode.FromBytes([9, 9]), default, 50)]);
        IndexSnapshot<int> merged = merge.Replace(index.Snapshot, built);
        Assert.Equal([0, 1, 2, 4, 50, 6, 7, 8], merged.Entries.OrderBy(e => e.Id).Select(e => e.Item));
        Assert.Equal(8, merged.Count);
        Assert.Equal(9, old.Entries.Count());
    }

    private static BinaryCode Random(int bits, Random random)
    {
        var bytes = new byte[bits / 8];
        random.NextBytes(bytes);
        return BinaryCode.FromBytes(bytes);
    }
}
