#!/usr/bin/env bash
# Builds Duet and runs it in the foreground, on a Debian 12 that has nothing but git:
#   deploy/run.sh [FLAG...]     every argument goes to the server, e.g. --resp-port=7000
# Ctrl-C (or SIGTERM) drains and ends it. Installs what is missing, so it needs root or sudo once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

# Repeats what the server prints, and says how to reach it once every door is open.
announce() {
  trap '' INT TERM # the server ends first; its last lines still come through
  local line resp="" grpc="" admin="" said=""
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
      "resp "*:*) resp=${resp:-${line#resp }} ;;
      "grpc "*:*) grpc=${grpc:-${line#grpc }} ;;
      "admin "*:*) admin=${admin:-${line#admin }} ;;
    esac
    if [[ -z $said && -n $resp && -n $grpc && -n $admin ]]; then
      said=yes
      how_to_reach
    fi
  done
}

how_to_reach() {
  local host=${resp%:*}
  host=${host#[}
  host=${host%]}
  cat <<TEXT

Duet listens. From another terminal:

  redis-cli -h $host -p ${resp##*:} SET greeting hello        (apt-get install redis-tools)
  redis-cli -h $host -p ${resp##*:} GET greeting
  /usr/bin/python3 tests/e2e/grpc_python_smoke.py $grpc       (apt-get install python3-grpcio python3-grpc-tools)
  curl http://$admin/metrics

Ctrl-C ends it.
TEXT
}

duet_install "${DUET_BUILD_PACKAGES[@]}"
duet_step "building build/bin/duet-server"
# A tree that the tests have configured keeps their settings: the server is the same.
[[ -f build/build.ninja ]] ||
  duet_configure build -DCMAKE_BUILD_TYPE=Release -DDUET_TESTS=OFF -DDUET_BENCHMARKS=OFF
cmake --build build --target duet-server
duet_step "starting"
exec build/bin/duet-server "$@" > >(announce)
