#!/bin/sh
# Compares Duet's gRPC door with an empty gRPC C++ echo server (tests/bench/grpc_echo_server.cc),
# which is the limit that gRPC itself sets. The two take turns, round by round, on this machine, and
# are started anew every few rounds: where a process' memory happens to lie moves its figures for as
# long as it runs. What counts is the median of the rounds' ratios. About six minutes.
#
#   tests/bench/grpc_compare.sh <bin directory> [rounds] [seconds]
#
# The directory holds duet-server, grpc_echo_server and grpc_load (build/bin). DUET_SERVER names
# another duet-server, DUET_FLAGS adds flags to it.
set -eu

bin=${1:?usage: grpc_compare.sh <bin directory> [rounds] [seconds]}
rounds=${2:-12}
seconds=${3:-2}
rounds_per_start=3
server=${DUET_SERVER:-$bin/duet-server}
work=$(mktemp -d)
duet_pid='' echo_pid=''
stop() {
  [ -z "$duet_pid" ] || kill "$duet_pid" 2>/dev/null || true
  [ -z "$echo_pid" ] || kill "$echo_pid" 2>/dev/null || true
  wait
  duet_pid='' echo_pid=''
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Waits for the line "grpc 127.0.0.1:PORT" in a file and prints the address.
address_in() {
  for _ in $(seq 100); do
    found=$(sed -n 's/.*grpc \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$1" | head -n 1)
    [ -z "$found" ] || { echo "$found"; return; }
    sleep 0.1
  done
  echo "grpc_compare.sh: no address in $1:" >&2
  cat "$1" >&2
  exit 1
}

start() {
  # shellcheck disable=SC2086
  env -u DUET_SERVER -u DUET_FLAGS \
    "$server" --grpc-port 0 --resp-port 0 --admin-port 0 ${DUET_FLAGS:-} >"$work/duet" 2>&1 &
  duet_pid=$!
  "$bin/grpc_echo_server" >"$work/echo" 2>&1 &
  echo_pid=$!
  duet=$(address_in "$work/duet")
  echo=$(address_in "$work/echo")
  "$bin/grpc_load" --target="$duet" --mode=load --keys=100000 >/dev/null
}

# load <address> <pid> <mode> <channels> <in flight>: "calls_per_s cpu_us_per_call p50 p99 p999"
load() {
  "$bin/grpc_load" --target="$1" --pid="$2" --mode="$3" --channels="$4" --in_flight="$5" \
    --seconds="$seconds" --keys=100000 |
    sed 's/.*calls_per_s=\([^ ]*\) cpu_us_per_call=\([^ ]*\) p50_us=\([^ ]*\) p99_us=\([^ ]*\) p999_us=\([^ ]*\) .*/\1 \2 \3 \4 \5/'
}

round() {
  for shape in '1 64' '8 8'; do
    channels=${shape% *} in_flight=${shape#* }
    for op in get set; do
      out=$work/$op-$channels
      printf '%s ' "$(load "$echo" "$echo_pid" "echo-$op" "$channels" "$in_flight")" >>"$out"
      load "$duet" "$duet_pid" "$op" "$channels" "$in_flight" >>"$out"
    done
  done
  for op in get set; do
    load "$duet" "$duet_pid" "pipeline-$op" 1 4 >>"$work/pipeline-$op"
  done
}

done=0
while [ "$done" -lt "$rounds" ]; do
  [ $((done % rounds_per_start)) -ne 0 ] || { stop; start; }
  done=$((done + 1))
  echo "$(date +%H:%M:%S) round $done of $rounds" >&2
  round
done

# median <file> <awk expression>
median() {
  awk "{ print $2 }" "$1" | sort -g | awk '{ v[NR] = $1 } END {
    printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
echo "Median of $rounds rounds of $seconds s; echo = an empty asynchronous gRPC C++ server"
echo '| workload | calls/s | against echo | server CPU per call, us | against echo | p50/p99/p99.9, us | echo |'
echo '|---|---|---|---|---|---|---|'
for op in get set; do
  for shape in '1 64' '8 8'; do
    channels=${shape% *} in_flight=${shape#* }
    f=$work/$op-$channels
    printf '| %s, %s x %s in flight | %.0f | %.2fx | %s | %.2fx | %.0f/%.0f/%.0f | %.0f/%.0f/%.0f |\n' \
      "$op" "$channels" "$in_flight" "$(median "$f" '$6')" "$(median "$f" '$6 / $1')" \
      "$(median "$f" '$7')" "$(median "$f" '$7 / $2')" "$(median "$f" '$8')" \
      "$(median "$f" '$9')" "$(median "$f" '$10')" "$(median "$f" '$3')" "$(median "$f" '$4')" \
      "$(median "$f" '$5')"
  done
done
echo
echo '| Pipeline, batches of 100, one stream | commands/s | server CPU per command, us | p50/p99/p99.9 of a batch, us |'
echo '|---|---|---|---|'
for op in get set; do
  f=$work/pipeline-$op
  printf '| %s | %.0f | %s | %.0f/%.0f/%.0f |\n' "$op" "$(median "$f" '$1')" \
    "$(median "$f" '$2')" "$(median "$f" '$3')" "$(median "$f" '$4')" "$(median "$f" '$5')"
done
