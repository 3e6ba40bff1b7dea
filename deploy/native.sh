#!/usr/bin/env bash
# Starts what docker-compose.yml starts, as processes of this machine and under the settings of that very file: for machines without a
# container engine, and for the tests.
#   deploy/native.sh up [NODES]     PostgreSQL, the nodes (3 unless said), and a balancer where HAProxy is installed; returns when all are ready
#   deploy/native.sh status         what runs, where, and whether it is ready
#   deploy/native.sh down           ends all of it
#   deploy/native.sh node N         one node, in the foreground
#   deploy/native.sh settings N     the settings of a node, as NAME=VALUE
# Reads the variables of .env.example from .env or from the environment, and beside them:
#   DPFAH_PROGRAM      the published service; made by `dotnet publish` when it is missing   (artifacts/native/app/Dpfah.Api.dll)
#   DPFAH_RUN          folder of databases, logs and process numbers                        (artifacts/native/run)
#   DPFAH_POSTGRES     Host=…;Port=… of a PostgreSQL that runs already; else one is started (none)
#   DPFAH_NODE_PORT    port of node 1; the others follow                                    (8081)
#   POSTGRES_PORT      port of the PostgreSQL that is started                               (55432)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [[ -f "$root/.env" ]]; then
    # What the environment has goes before, as with Compose.
    while IFS='=' read -r name value; do
        [[ "$name" =~ ^[A-Z_]+$ && -z "${!name:-}" ]] && export "$name=$value"
    done < "$root/.env"
fi

run="${DPFAH_RUN:-$root/artifacts/native/run}"
app="$root/artifacts/native/app"
program="${DPFAH_PROGRAM:-$app/Dpfah.Api.dll}"
bind="${DPFAH_BIND:-127.0.0.1}"
first_port="${DPFAH_NODE_PORT:-8081}"
postgres_port="${POSTGRES_PORT:-55432}"
postgres_at="${DPFAH_POSTGRES:-Host=127.0.0.1;Port=$postgres_port}"

fail() { echo "native.sh: $1" >&2; exit 1; }

# The nodes' environment in the compose file, as NAME=value. Bash replaces ${VARIABLES} as Compose does.
environment() {
    sed -n '/^  environment: &settings/,/^  [a-z]/ s/^    \([A-Za-z_]*\): "\(.*\)"$/\1=\2/p' "$root/docker-compose.yml"
}

# Replaces variables in a value of the compose file; one that is required and missing ends the script with the file's own sentence.
replaced() { eval "printf '%s' \"${1//\"/\\\"}\""; }

# The settings of node N: those of the compose file, with what a container would provide put in their place.
settings() {
    local number="$1" line value
    while IFS= read -r line; do
        value="$(replaced "${line#*=}")" || exit 1
        case "${line%%=*}" in
            ASPNETCORE_URLS) value="http://$bind:$((first_port + number - 1))" ;;
            ConnectionStrings__Dpfah) value="${value/Host=postgres;Port=5432/$postgres_at}" ;;
            Dpfah__DataFolder) value="$run/node$number" ;;
            # On one machine each has a port of its own.
            Dpfah__ClusterAddress) [[ -z "$value" ]] || value="${value%:*}:$((${value##*:} + number - 1))" ;;
        esac

        # What is not set is left to the program, which may be of a version that does not know it.
        [[ -z "$value" ]] || printf '%s=%s\n' "${line%%=*}" "$value"
    done < <(environment)
}

node() {
    local number="$1" line all
    all="$(settings "$number")"
    mkdir -p "$run/node$number"
    while IFS= read -r line; do export "${line?}"; done <<< "$all"
    cd "$(dirname "$program")"
    exec dotnet "$program"
}

# When a process began, as the system counts it; nothing when it has ended.
began() { local stat; stat="$(cat "/proc/$1/stat" 2> /dev/null)" && set -- ${stat##*) } && [[ "$1" != [ZX] ]] && echo "${20}"; }

# The number of a process that runs, from its file. After a restart of the machine another process may have it.
process_of() { local id since; read -r id since 2> /dev/null < "$run/$1.pid" && [[ -n "$since" && "$(began "$id")" == "$since" ]] && echo "$id"; }

alive() { process_of "$1" > /dev/null; }
ready() { curl -fsS -m 5 "http://$1/health/ready" > /dev/null 2>&1; }
address() { echo "$bind:$((first_port + $1 - 1))"; }
unready() { curl -sS -m 5 "http://$(address "$1")/health/ready" 2>&1; }

# Starts a command in the background, with a file of its own for what it says. It outlives this script.
start() {
    local name="$1"
    shift
    if alive "$name"; then return; fi
    setsid "$@" > "$run/$name.log" 2>&1 < /dev/null &
    echo "$! $(began $!)" > "$run/$name.pid"
}

# PostgreSQL refuses to run as root, and to run in a folder that its user may not enter.
as_server() { if [[ $EUID -eq 0 ]]; then (cd / && setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"); else "$@"; fi; }

start_postgres() {
    [[ -z "${DPFAH_POSTGRES:-}" ]] || return 0
    local bin cluster="$run/postgres"
    bin="$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb 2> /dev/null | sort -V | tail -n 1)" 2> /dev/null)"
    [[ -x "$bin/initdb" ]] || bin="$(dirname "$(command -v initdb)")" || fail "PostgreSQL's server programs are missing: apt-get install postgresql, or set DPFAH_POSTGRES."
    if [[ ! -f "$cluster/PG_VERSION" ]]; then
        mkdir -p -m 700 "$cluster"
        [[ $EUID -ne 0 ]] || chown nobody:nogroup "$cluster"
        # Whoever runs the server alone may read it, and it goes whatever happens.
        trap 'rm -f "$run/password"' EXIT
        install -m 600 /dev/null "$run/password"
        [[ $EUID -ne 0 ]] || chown nobody:nogroup "$run/password"
        printf '%s' "$(replaced '${POSTGRES_PASSWORD:?is not set}')" > "$run/password"
        as_server "$bin/initdb" -D "$cluster" -U dpfah --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --pwfile="$run/password" > "$run/initdb.log" || fail "initdb failed: $run/initdb.log"
        rm "$run/password"
    fi

    as_server "$bin/pg_ctl" -D "$cluster" status > /dev/null \
        || as_server "$bin/pg_ctl" -D "$cluster" -w -s -l "$cluster/log" -o "-p $postgres_port -c listen_addresses=127.0.0.1 -k $cluster" start \
        || fail "PostgreSQL did not start: $cluster/log"
    echo "$bin" > "$run/postgres.bin"
    PGPASSWORD="$POSTGRES_PASSWORD" "$bin/psql" -h 127.0.0.1 -p "$postgres_port" -U dpfah -d postgres -qtAc \
        "SELECT 1 FROM pg_database WHERE datname = 'dpfah'" | grep -q 1 \
        || PGPASSWORD="$POSTGRES_PASSWORD" "$bin/createdb" -h 127.0.0.1 -p "$postgres_port" -U dpfah dpfah
}

# Once is enough: a node that was ready may be busy at a second look.
await_ready() {
    local number="$1" end=$((SECONDS + 300))
    until ready "$(address "$number")"; do
        alive "node$number" || fail "node $number ended: $(tail -n 3 "$run/node$number.log")"
        ((SECONDS < end)) || fail "node $number is not ready after 5 min, and says: $(unready "$number"); see $run/node$number.log"
        sleep 0.25
    done
}

up() {
    local nodes="$1" number
    settings 1 > /dev/null # Says what is missing before anything is made.
    mkdir -p "$run"
    chmod 755 "$run"
    if [[ ! -f "$program" ]]; then
        [[ -z "${DPFAH_PROGRAM:-}" ]] || fail "DPFAH_PROGRAM is '$program', which does not exist."
        dotnet publish "$root/src/Dpfah.Api" -c Release -o "$app" --nologo -v quiet
    fi

    start_postgres
    for ((number = 1; number <= nodes; number++)); do
        start "node$number" "$root/deploy/native.sh" node "$number"
    done

    if command -v haproxy > /dev/null; then
        start balancer env DPFAH_BALANCER_BIND="$bind:${DPFAH_BALANCER_PORT:-8088}" \
            DPFAH_NODE_1="$(address 1)" DPFAH_NODE_2="$(address 2)" DPFAH_NODE_3="$(address 3)" haproxy -db -f "$root/deploy/haproxy.cfg"
        ((nodes <= 3)) || echo "native.sh: the balancer knows nodes 1 to 3; nodes 4 to $nodes are to be asked at their own addresses, unless deploy/haproxy.cfg names them too." >&2
    fi

    for ((number = 1; number <= nodes; number++)); do
        await_ready "$number"
    done
    status
}

status() {
    local number at
    for pid in "$run"/node*.pid; do
        [[ -f "$pid" ]] || { echo "nothing runs"; return; }
        number="${pid##*/node}"
        number="${number%.pid}"
        at="$(address "$number")"
        if ! alive "node$number"; then echo "node $number: ended"
        elif ready "$at"; then echo "node $number: ready at http://$at"
        else echo "node $number: not ready at http://$at: $(unready "$number")"; fi
    done
    if alive balancer; then echo "balancer: http://$bind:${DPFAH_BALANCER_PORT:-8088}"; fi
}

# Asks a process to end.
end() { local id; if id="$(process_of "$1")"; then kill "$id" 2> /dev/null || true; fi; }

# Waits until a process has ended; after its time to do so, as with Compose, it is ended, which one that was stopped needs.
await_end() {
    local id try
    for ((try = 0; try < 300; try++)); do
        id="$(process_of "$1")" || return 0
        sleep 0.1
    done
    echo "native.sh: $1 has not ended within 30 s, and is killed." >&2
    kill -KILL "$id" 2> /dev/null || true
}

down() {
    local file
    for file in "$run"/balancer.pid "$run"/node*.pid; do
        [[ ! -f "$file" ]] || end "$(basename "$file" .pid)"
    done
    for file in "$run"/balancer.pid "$run"/node*.pid; do
        [[ -f "$file" ]] || continue
        await_end "$(basename "$file" .pid)"
        rm "$file"
    done
    if [[ -f "$run/postgres.bin" ]]; then
        as_server "$(< "$run/postgres.bin")/pg_ctl" -D "$run/postgres" -w -s -m fast stop || true
        rm "$run/postgres.bin"
    fi
}

case "${1:-}" in
    up) up "${2:-3}" ;;
    down) down ;;
    status) status ;;
    node) node "${2:?says which node: 1, 2, …}" ;;
    settings) settings "${2:?says which node: 1, 2, …}" ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
