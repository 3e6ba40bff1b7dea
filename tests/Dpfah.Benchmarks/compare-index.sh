#!/usr/bin/env bash
# Compares the index with FAISS on the same raw files and prints a Markdown table of ratios.
#   tests/Dpfah.Benchmarks/compare-index.sh [options]
#     --sizes 1000000,10000000   numbers of codes; 50000000 too, with much memory
#     --kinds uniform,deep100    kinds of data, see `index-data`
#     --bits 64                  length of the codes
#     --repeats 5                rounds in turn
#     --folder DIR               keeps the data and the peer there, for the next time (else a temporary folder)
#     --core 1, --cores 0-1      where the sides run; for two threads
#     --fashion yes              whether to add the codes of Fashion-MNIST (encoding takes minutes, once a folder)
#     --approximate ivf,multihash   FAISS's approximate indexes to measure; hnsw takes minutes to build; '' for none
#     --output FILE              writes the table there too
# Needs Debian or Ubuntu: installs a compiler, FAISS and Fashion-MNIST where it may; else says what to install.
set -euo pipefail

script_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$script_folder/../.." && pwd)"
folder=""
arguments=()
while (($#)); do
    case "$1" in
        -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --*) [[ $# -ge 2 ]] || { echo "compare-index.sh: $1 needs a value" >&2; exit 1; } ;;
        *) echo "compare-index.sh: unknown argument '$1'; see --help" >&2; exit 1 ;;
    esac
    case "$1" in
        --folder) folder="$2" ;;
        --output) arguments+=(--output "$(realpath -m "$2")") ;;
        *) arguments+=("$1" "$2") ;;
    esac
    shift 2
done

if [[ -z "$folder" ]]; then
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
folder="$(realpath "$folder")"

# Runs a command as root, or fails without asking for a password.
as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo --non-interactive "$@"; fi
}

packages=(g++ libfaiss-dev libblas-dev liblapack-dev dpkg-dev dataset-fashion-mnist)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "compare-index.sh: installing ${missing[*]}" >&2
    as_root env DEBIAN_FRONTEND=noninteractive bash -c \
        "apt-get update -q && apt-get install -q -y --no-install-recommends ${missing[*]}" > "$folder/install.log" 2>&1 || {
        tail -5 "$folder/install.log" >&2
        echo "compare-index.sh: could not install them; run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    }
fi

# FAISS's approximate indexes are compiled for this processor too, from the source of the installed package: the package itself is
# built without POPCNT. The flat scan needs its headers only.
fetch_source() (
    cd "$folder"
    compgen -G 'faiss-*/faiss/IndexBinary.cpp' > /dev/null && exit 0
    mkdir -p apt/sources apt/lists/partial
    # The sources of the repositories that this machine uses, in a list of their own: the system's is not touched.
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        case "$list" in
            *.sources) sed 's/^Types:.*/Types: deb-src/' "$list" > "apt/sources/${list##*/}" ;;
            *.list) sed -n 's/^deb /deb-src /p' "$list" > "apt/sources/${list##*/}" ;;
        esac
    done
    options=(-q -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$PWD/apt/sources" -o "Dir::State::Lists=$PWD/apt/lists"
        -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o "APT::Sandbox::User=root")
    # shellcheck disable=SC2016
    version="$(dpkg-query -W -f '${source:Version}' libfaiss-dev)"
    # A repository without sources is no harm unless FAISS comes from it.
    apt-get "${options[@]}" update || true
    apt-get "${options[@]}" --download-only source "faiss=$version" && dpkg-source --no-check -x faiss_*.dsc
)

flags=(-O3 -march=native -fopenmp -std=c++17)
peer="$folder/faiss_index"
if [[ ! -x "$peer" || "$script_folder/peer/faiss_index.cpp" -nt "$peer" ]]; then
    objects=()
    if fetch_source > "$folder/source.log" 2>&1; then
        source_folder="$(dirname "$(dirname "$(compgen -G "$folder/faiss-*/faiss/IndexBinary.cpp")")")"
        for name in IndexBinary IndexBinaryFlat IndexBinaryHash IndexBinaryHNSW IndexBinaryIVF impl/HNSW utils/hamming; do
            object="$folder/$(basename "$name").o"
            g++ -c "${flags[@]}" -I"$source_folder" "$source_folder/faiss/$name.cpp" -o "$object"
            objects+=("$object")
        done
        echo "all native" > "$folder/faiss.txt"
    else
        tail -3 "$folder/source.log" >&2
        echo "compare-index.sh: no source of FAISS; its approximate indexes are the package's own, built without POPCNT" >&2
        echo "the flat scan native; the approximate indexes as in the package, without POPCNT" > "$folder/faiss.txt"
    fi
    g++ "${flags[@]}" ${source_folder:+-I"$source_folder"} "$script_folder/peer/faiss_index.cpp" "${objects[@]}" -lfaiss -lblas -llapack -o "$peer"
fi

cd "$repository"
dotnet build tests/Dpfah.Benchmarks -c Release --nologo -v quiet -m:1 --disable-build-servers >&2
# Threads that wait in turns on a busy core take it from those that work.
export OMP_WAIT_POLICY=passive
# As in a service that has run for a while: the compiler's last tier comes at once, not when the program has been quiet for a time.
export DOTNET_TC_CallCountingDelayMs=0
commit="$(git rev-parse --short HEAD)"
git diff --quiet HEAD -- src tests/Dpfah.Benchmarks || commit+=" with changes"
dotnet run --no-build -c Release --project tests/Dpfah.Benchmarks -- index-compare --folder "$folder" --peer "$peer" \
    --build "\`$(g++ --version | head -1)\`, \`${flags[*]}\`, $(cat "$folder/faiss.txt")" \
    --sdk "$(dotnet --version)" --commit "$commit" "${arguments[@]}"
