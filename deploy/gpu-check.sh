#!/usr/bin/env bash
# For the owner of an NVIDIA GPU: builds for CUDA, runs the golden tests on the GPU, and compares the GPU with the CPU.
#   deploy/gpu-check.sh                    with the demo's pictures (needs unzip)
#   deploy/gpu-check.sh PICTURE...         with pictures of your own, at least two
# Needs the .NET 10 SDK, the NVIDIA driver (525.60 or newer), 10 GB of disk, and NuGet.
# Prints what it finds and exits 0 unless a build, a golden test or a picture fails: bits that differ between the
# devices are a finding, not a failure.
set -euo pipefail
pictures=()
for picture in "$@"; do pictures+=("$(realpath "$picture")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out="$PWD/artifacts/gpu-check"
mkdir -p "$out"
# Folders of its own: the CUDA build's packages would else mix with the CPU build's in obj/.
build=(-c Release -p:TorchBackend=cuda --artifacts-path "$out/build" --nologo -v quiet)

echo "== GPU"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader

echo "== build for CUDA"
dotnet build src/Dpfah.Cli "${build[@]}"
dpfah="$(find "$out/build/bin/Dpfah.Cli" -name dpfah.dll | head -n 1)"

echo "== golden tests on the GPU"
DPFAH_TEST_DEVICE=cuda dotnet test tests/Dpfah.Learning.Tests "${build[@]}" --filter "FullyQualifiedName~Learning.Tests.Golden" \
    -- RunConfiguration.TreatNoTestsAsError=true

if ((${#pictures[@]} == 0)); then
    rm -rf "$out/sample"
    unzip -q src/Dpfah.Learning/Assets/fashion-mnist-sample.zip -d "$out/sample"
    mapfile -t pictures < <(find "$out/sample" -name '*.png' | sort)
fi

# Codes by device, and how long the program takes for one picture, which is about its start.
declare -A start all
seconds() { date +%s.%N; }
dotnet "$dpfah" encode --data "$out/data" --device cpu --json "${pictures[0]}" > "$out/first" # Makes the first model.
for device in cpu cuda; do
    before=$(seconds)
    dotnet "$dpfah" encode --data "$out/data" --device "$device" --json "${pictures[0]}" > "$out/first"
    between=$(seconds)
    dotnet "$dpfah" encode --data "$out/data" --device "$device" --json "${pictures[@]}" > "$out/$device.json"
    after=$(seconds)
    start[$device]=$(awk "BEGIN { print $between - $before }")
    all[$device]=$(awk "BEGIN { print $after - $between }")
done

echo "== codes of ${#pictures[@]} pictures, CPU against GPU"
# Each line of a file is {"file":"…","code":"hex","signature":"hex"}, in the order of the pictures.
hex() { sed -n "s/.*\"$2\":\"\([0-9a-f]*\)\".*/\1/p" "$out/$1.json"; }
# Defines bits(a, b): how many bits two texts in hex differ in.
awk_bits='
    function digit(c) { return index("0123456789abcdef", c) - 1 }
    function bits(a, b,    i, x, y, n) {
        n = 0
        for (i = 1; i <= length(a); i++) {
            x = digit(substr(a, i, 1)); y = digit(substr(b, i, 1))
            while (x > 0 || y > 0) { n += (x % 2) != (y % 2); x = int(x / 2); y = int(y / 2) }
        }
        return n
    }'
for part in code signature; do
    paste <(hex cpu "$part") <(hex cuda "$part") | awk -v part="$part" "$awk_bits"'
        { n = bits($1, $2); total += 4 * length($1); flipped += n; touched += n > 0 }
        END { printf "%s: %d of %d bits differ, in %d of %d pictures\n", part, flipped, total, touched, NR }'
done

echo "== one search: the five pictures nearest to ${pictures[0]}"
for device in cpu cuda; do
    echo "$device (distance of code, of signature):"
    paste <(hex "$device" code) <(hex "$device" signature) <(printf '%s\n' "${pictures[@]}") | awk -F '\t' "$awk_bits"'
        NR == 1 { code = $1; signature = $2; next }
        { printf "%d\t%d\t%d\t%s\n", bits(code, $1), bits(signature, $2), NR, $3 }' |
        sort -n -k1,1 -k2,2 -k3,3 | head -n 5 | awk -F '\t' '{ printf "  %3d %4d  %s\n", $1, $2, $4 }'
done

echo "== pictures a second, with decoding, without the start of the program"
for device in cpu cuda; do
    awk -v device="$device" -v n=$((${#pictures[@]} - 1)) -v start="${start[$device]}" -v all="${all[$device]}" 'BEGIN {
        if (all - start < 1) { print device ": too few pictures to tell"; exit }
        printf "%s: %.1f (%d pictures in %.1f s after a start of %.1f s)\n", device, n / (all - start), n, all - start, start
    }'
done
