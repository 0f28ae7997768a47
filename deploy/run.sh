#!/usr/bin/env bash
# Builds Duet and runs it in the foreground, on a Debian 12 that has nothing but git:
#   deploy/run.sh [FLAG...]     every argument goes to the server, e.g. --resp-port=7000
# Ctrl-C (or SIGTERM) drains and ends it. Installs what is missing, so it needs root or sudo once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

# Repeats what the server prints, and says how to reach it once it is ready.
announce() {
  trap '' INT TERM # the server ends first; its last lines still come through
  local line resp="" grpc="" admin=""
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
      "resp "*:*) resp=${resp:-${line#resp }} ;;
      "grpc "*:*) grpc=${grpc:-${line#grpc }} ;;
      "admin "*:*) admin=${admin:-${line#admin }} ;;
      ready) how_to_reach ;;
    esac
  done
}

how_to_reach() {
  local host=${resp%:*}
  host=${host#[}
  host=${host%]}
  printf '\nDuet listens. From another terminal (README.md has more):\n\n'
  # A door may be off.
  [[ -z $resp ]] || cat <<TEXT
  redis-cli -h $host -p ${resp##*:} SET greeting hello     # apt-get install redis-tools
  redis-cli -h $host -p ${resp##*:} GET greeting
TEXT
  [[ -z $grpc ]] || cat <<TEXT
  # gRPC, in Python: apt-get install python3-grpcio
  protoc -I proto --python_out=build --grpc_python_out=build --plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin proto/duet/v1/*.proto
  PYTHONPATH=build /usr/bin/python3 -c 'import grpc; from duet.v1 import key_value_service_pb2 as kv, key_value_service_pb2_grpc as rpc; print(rpc.KeyValueServiceStub(grpc.insecure_channel("$grpc")).Get(kv.GetRequest(key=b"greeting")))'
TEXT
  [[ -z $admin ]] || printf '  curl http://%s/metrics     # apt-get install curl\n' "$admin"
  printf '\nCtrl-C ends it.\n'
}

duet_install "${DUET_BUILD_PACKAGES[@]}"
duet_step "building build/bin/duet-server"
# A tree that the tests have configured keeps their settings: the server is the same.
[[ -f build/build.ninja ]] ||
  duet_configure build -DCMAKE_BUILD_TYPE=Release -DDUET_TESTS=OFF -DDUET_BENCHMARKS=OFF
cmake --build build --target duet-server
duet_step "starting"
exec build/bin/duet-server "$@" > >(announce)
