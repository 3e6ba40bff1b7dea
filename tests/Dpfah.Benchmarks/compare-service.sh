#!/usr/bin/env bash
# Compares the service with one in Python (Flask, gunicorn, PyTorch, FAISS) over the same catalogue and prints a Markdown table of ratios.
#   tests/Dpfah.Benchmarks/compare-service.sh [options]
#     --codes 1000000       items of the catalogue
#     --repeats 5           rounds in turn
#     --seconds 10          length of a measurement; --sweep-seconds 5 of one of the peer's settings
#     --cores 0-1           where both run, and their clients
#     --folder DIR          keeps the database, the model and the queries there, for the next time (else a temporary folder)
#     --output FILE         writes the table there too
# Takes about 15 minutes, and the machine should have nothing else to do. Needs Debian or Ubuntu: installs PostgreSQL, wrk and the
# peer's packages where it may; else says what to install. Nothing listens but on loopback.
set -euo pipefail

script_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$script_folder/../.." && pwd)"
folder=""
codes=1000000
arguments=()
while (($#)); do
    case "$1" in
        -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --folder | --codes | --output | --repeats | --seconds | --sweep-seconds | --cores)
            [[ $# -ge 2 ]] || { echo "compare-service.sh: $1 needs a value" >&2; exit 1; } ;;
        *) echo "compare-service.sh: unknown argument '$1'; see --help" >&2; exit 1 ;;
    esac
    case "$1" in
        --folder) folder="$2" ;;
        --codes) codes="$2" ;;
        --output) arguments+=(--output "$(realpath -m "$2")") ;;
        *) arguments+=("$1" "$2") ;;
    esac
    shift 2
done

# Runs a command as root, or fails without asking for a password.
as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo --non-interactive "$@"; fi
}

packages=(postgresql wrk gunicorn python3-flask python3-torch python3-torchvision python3-pil python3-faiss python3-psycopg2
    "$(grep -q '^ID=ubuntu' /etc/os-release && echo libturbojpeg || echo libturbojpeg0)")
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "compare-service.sh: installing ${missing[*]}" >&2
    log="$(mktemp)"
    as_root env DEBIAN_FRONTEND=noninteractive bash -c \
        "apt-get update -q && apt-get install -q -y --no-install-recommends ${missing[*]}" > "$log" 2>&1 || {
        tail -5 "$log" >&2
        echo "compare-service.sh: could not install them; run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    }
    rm -f "$log"
fi

temporary=""
[[ -n "$folder" ]] || temporary=1 folder="$(mktemp -d)"
mkdir -p "$folder"
folder="$(realpath "$folder")"

# A cluster of its own on a Unix socket; its server refuses to run as root.
if [[ $EUID -eq 0 ]]; then
    as_server() { (cd / && setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/nonexistent "$@"); }
    chmod a+x "$folder"
else
    as_server() { "$@"; }
fi
programs="$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")"
sockets="$(mktemp -d)"
chmod 777 "$sockets"
stop() {
    as_server "$programs/pg_ctl" -D "$folder/postgres/data" stop -m fast > /dev/null 2>&1 || true
    rm -rf "$sockets"
    [[ -z "$temporary" ]] || rm -rf "$folder"
}
trap stop EXIT
if [[ ! -d "$folder/postgres/data" ]]; then
    mkdir -p "$folder/postgres"
    [[ $EUID -ne 0 ]] || chown nobody "$folder/postgres"
    as_server "$programs/initdb" -D "$folder/postgres/data" -U dpfah -A trust > "$folder/initdb.log"
fi
as_server "$programs/pg_ctl" -D "$folder/postgres/data" -w -l "$folder/postgres/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$sockets' -c shared_buffers=512MB" start > /dev/null
database="load$codes"
"$programs/psql" -qtA -h "$sockets" -U dpfah -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '$database'" | grep -q 1 \
    || "$programs/createdb" -h "$sockets" -U dpfah "$database"

cd "$repository"
dotnet build tests/Dpfah.Benchmarks -c Release --nologo -v quiet -m:1 --disable-build-servers >&2
# As the Dockerfile does.
dotnet publish src/Dpfah.Api -c Release --nologo -v quiet -m:1 --disable-build-servers -o "$folder/api" >&2
connection="Host=$sockets;Username=dpfah;Database=$database"
dotnet run --no-build -c Release --project tests/Dpfah.Benchmarks -- service-data --connection "$connection" --folder "$folder" --codes "$codes" >&2

version() { dpkg-query -W -f '${Version}' "$1"; }
commit="$(git rev-parse --short HEAD)"
git diff --quiet HEAD -- src tests/Dpfah.Benchmarks || commit+=" with changes"
dotnet run --no-build -c Release --project tests/Dpfah.Benchmarks -- service-compare --folder "$folder" --codes "$codes" \
    --connection "$connection" --peer-connection "host=$sockets user=dpfah dbname=$database" --peer "$script_folder/peer" --api "$folder/api/Dpfah.Api.dll" \
    --versions "Flask $(version python3-flask), gunicorn $(version gunicorn), PyTorch $(version python3-torch), FAISS $(version python3-faiss), wrk $(version wrk)" \
    --sdk "$(dotnet --version)" --commit "$commit" "${arguments[@]}"
