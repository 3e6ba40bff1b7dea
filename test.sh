#!/usr/bin/env bash
# Builds the solution and runs all tests. Installs what they need where it may; else says what to install.
#   ./test.sh                                        all tests
#   ./test.sh --filter FullyQualifiedName~Search     some of them; all arguments go to `dotnet test`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v dotnet > /dev/null; then
    echo "test.sh: the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
    exit 1
fi

has_postgres() {
    [[ -n "${DPFAH_TEST_POSTGRES:-}" ]] \
        || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null \
        || { command -v initdb && command -v pg_ctl; } > /dev/null \
        || docker info > /dev/null 2>&1
}

# The web page is tested in a real browser.
has_chromium() {
    [[ -n "${DPFAH_TEST_CHROMIUM:-}" ]] || command -v chromium chromium-browser google-chrome chrome > /dev/null
}

# Runs a command as root, or fails without asking for a password.
as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo --non-interactive "$@"; fi
}

may_install() {
    command -v apt-get > /dev/null && as_root true 2> /dev/null
}

install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive bash -c \
        'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' install "$@" > "$install_log" 2>&1 || {
        cat "$install_log" >&2
        return 1
    }
}

install_postgres() {
    may_install || return 1
    echo "test.sh: installing PostgreSQL's server programs"
    local config=/etc/postgresql-common/createcluster.d/dpfah-tests.conf
    # The tests make clusters of their own, so none is to be made and started by the installation. With `ip` a test can
    # give the published program a network of its own.
    as_root mkdir -p "${config%/*}"
    echo "create_main_cluster = false" | as_root tee "$config" > /dev/null
    local installed=0
    install_packages postgresql iproute2 curl || installed=1
    as_root rm -f "$config"
    return "$installed"
}

install_chromium() {
    may_install || return 1
    echo "test.sh: installing Chromium"
    install_packages chromium fonts-liberation
}

install_log="$(mktemp)"
trap 'rm -f "$install_log"' EXIT

# JPEGs are decoded by the system's libjpeg-turbo where there is one, to the same pixels as without: the tests compare both.
if ! ldconfig -p 2> /dev/null | grep -q 'libturbojpeg\.so\.0' && may_install; then
    echo "test.sh: installing libjpeg-turbo"
    install_packages libturbojpeg0 || install_packages libturbojpeg || echo "test.sh: could not; going on without it" >&2
fi

# The README's examples are run as they stand there, with curl.
if ! has_postgres || ! command -v curl > /dev/null; then
    if ! install_postgres || ! has_postgres; then
        cat >&2 <<'TEXT'
test.sh: PostgreSQL's server programs are missing and could not be installed. One of these helps:
  Debian, Ubuntu   sudo apt-get install postgresql
  Fedora           sudo dnf install postgresql-server
  macOS            brew install postgresql@17, with its bin folder in PATH
  any              a running Docker engine
  any              DPFAH_TEST_POSTGRES="Host=...;Username=...;Password=..." of a server where the tests may create databases
TEXT
        exit 1
    fi
fi

if ! has_chromium; then
    if ! install_chromium || ! has_chromium; then
        cat >&2 <<'TEXT'
test.sh: Chromium, in which the web page is tested, is missing and could not be installed. One of these helps:
  Debian           sudo apt-get install chromium
  Fedora           sudo dnf install chromium
  any              DPFAH_TEST_CHROMIUM=PATH of a Chromium or Chrome
TEXT
        exit 1
    fi
fi

# Many processes with a network of their own share the cores: a thread of one that waits must not spin on the core of another.
export OMP_WAIT_POLICY=passive
# Some hundred services are started and live for seconds: code that learns how it is used costs more than it gives, and what was
# compiled quickly is compiled again only where it is called thousands of times (in hexadecimal) instead of thirty.
export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=1000

# For the same reason the service that they start as a process is compiled ahead, once: it is ready with two thirds of the work.
dotnet build Dpfah.sln --configuration Release --nologo
dotnet publish tests/Dpfah.TestHost --configuration Release --no-build --nologo --verbosity quiet
DPFAH_TEST_HOST="$(ls "$PWD"/tests/Dpfah.TestHost/bin/Release/*/*/publish/Dpfah.TestHost.dll)"
export DPFAH_TEST_HOST

# -m:1: test projects one after another, since each has a libtorch that wants all cores.
dotnet test Dpfah.sln --configuration Release --no-build --nologo -m:1 "$@"
