#!/usr/bin/env bash
# Compares decoding and shrinking of 20 photos of 0.3 to 12 megapixels with Pillow and its draft mode; writes results/decode.md.
#   tests/Dpfah.Benchmarks/compare-decoder.sh [options]
#     --rounds 5     rounds in turn; --repeats 7 of each photo in a round
#     --folder DIR   keeps the photos there, for the next time (else a temporary folder)
# Takes about 3 minutes on one core, and the machine should have nothing else to do. Needs Debian or Ubuntu: installs Pillow and
# libjpeg-turbo where it may, else says what to install; the photos are made from pictures of Debian's packages of wallpapers, which are unpacked, not installed.
set -euo pipefail

script_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$script_folder/../.." && pwd)"
folder=""
arguments=()
while (($#)); do
    case "$1" in
        -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --folder | --rounds | --repeats)
            [[ $# -ge 2 ]] || { echo "compare-decoder.sh: $1 needs a value" >&2; exit 1; } ;;
        *) echo "compare-decoder.sh: unknown argument '$1'; see --help" >&2; exit 1 ;;
    esac
    case "$1" in
        --folder) folder="$2" ;;
        *) arguments+=("$1" "$2") ;;
    esac
    shift 2
done

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo --non-interactive "$@"; fi
}

missing=()
for package in python3-pil "$(grep -q '^ID=ubuntu' /etc/os-release && echo libturbojpeg || echo libturbojpeg0)"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "compare-decoder.sh: installing ${missing[*]}" >&2
    log="$(mktemp)"
    as_root env DEBIAN_FRONTEND=noninteractive bash -c \
        "apt-get update -q && apt-get install -q -y --no-install-recommends ${missing[*]}" > "$log" 2>&1 || {
        tail -5 "$log" >&2
        echo "compare-decoder.sh: could not install them; run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    }
    rm -f "$log"
fi

temporary=""
[[ -n "$folder" ]] || temporary=1 folder="$(mktemp -d)"
trap '[[ -z "$temporary" ]] || rm -rf "$folder"' EXIT
mkdir -p "$folder"
folder="$(realpath "$folder")"
if ! compgen -G "$folder/photos/20-*.jpg" > /dev/null; then
    mkdir -p "$folder/packages" "$folder/unpacked" "$folder/photos"
    (cd "$folder/packages" && apt-get download -q mate-backgrounds lxqt-themes plasma-workspace-wallpapers >&2)
    for package in "$folder"/packages/*.deb; do
        dpkg-deb -x "$package" "$folder/unpacked"
    done
    /usr/bin/python3 "$script_folder/peer/decode_speed.py" photos "$folder/unpacked" "$folder/photos"
    rm -rf "$folder/packages" "$folder/unpacked"
fi

cd "$repository"
dotnet build tests/Dpfah.Benchmarks -c Release --nologo -v quiet -m:1 --disable-build-servers >&2
commit="$(git rev-parse --short HEAD)"
git diff --quiet HEAD -- src tests/Dpfah.Benchmarks || commit+=" with changes"
dotnet run --no-build -c Release --project tests/Dpfah.Benchmarks -- decode --photos "$folder/photos" --commit "$commit" "${arguments[@]}"
