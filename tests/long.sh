#!/usr/bin/env bash
# Runs the long form of tests whose short form is in ./test.sh, and adds what they showed to tests/RESULTS.md.
#   tests/long.sh                 all of them, one after another
#   tests/long.sh pictures soak   these
#   tests/long.sh --list          what there is
# A name is the value of the trait LongForm. DPFAH_SEED=N repeats a run of a random test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The names and the projects that have them, as the sources tell.
list() {
    grep -roP --include='*.cs' '\[Trait\(LongForm\.Trait, "\K[a-z-]+' tests | sed -E 's|tests/([^/]+)/[^:]*:|\1 |' | awk '{ print $2, $1 }' | sort -u
}

if [[ "${1:-}" == --list ]]; then
    list | cut -d ' ' -f 1 | sort -u
    exit
fi

names=("$@")
((${#names[@]})) || mapfile -t names < <(list | cut -d ' ' -f 1 | sort -u)
machine="$(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
commit="$(git rev-parse --short HEAD)$(git diff --quiet HEAD -- . ":!tests/RESULTS.md" || echo ' and changes')"
found="$(mktemp)"
trap 'rm -f "$found"' EXIT
failed=()

for name in "${names[@]}"; do
    mapfile -t projects < <(list | awk -v name="$name" '$1 == name { print $2 }')
    if ((${#projects[@]} == 0)); then
        echo "long.sh: no test is called '$name'; there are: $(list | cut -d ' ' -f 1 | sort -u | tr '\n' ' ')" >&2
        exit 2
    fi

    for project in "${projects[@]}"; do
        : > "$found"
        start=$SECONDS
        echo "== $name"
        # A test may tell several things before it fails, so what it told counts only when it has passed.
        DPFAH_LONG=1 DPFAH_LONG_RESULTS="$found" dotnet test "tests/$project" --configuration Release --nologo \
            --logger 'console;verbosity=normal' --filter "LongForm=$name" || { failed+=("$name"); continue; }
        while read -r line; do
            echo "| $name | $line | $((SECONDS - start)) s | $(date -u +%F) | $commit | $machine |" | tee -a tests/RESULTS.md
        done < "$found"
    done
done

((${#failed[@]} == 0)) || { echo "long.sh: failed: ${failed[*]}" >&2; exit 1; }
