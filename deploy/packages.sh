# Sourced by deploy/run.sh, tests/run.sh and .ci/run: the Debian packages that each needs, and the
# settings that their builds share. Only what is missing is installed, and no service is started.

# What duet-server is built from.
DUET_BUILD_PACKAGES=(
  g++ cmake ninja-build ccache pkg-config git
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  prometheus-cpp-dev libjemalloc-dev libxxhash-dev libspdlog-dev libssl-dev
)

# What the tests and benchmarks need beyond it. `prometheus` is here for promtool.
DUET_TEST_PACKAGES=(
  libgtest-dev libgmock-dev libbenchmark-dev
  clang clang-format libclang-rt-14-dev lld
  redis-server redis-tools prometheus
  python3 python3-grpcio python3-protobuf python3-yaml python3-websocket
  python3-prometheus-client
  curl openssl busybox strace systemd chromium tcl procps  # tcl: Redis' own test suite
  # Redis clients (tests/clients).
  python3-redis ruby-redis php-cli php-redis libhiredis-dev libredis-perl prometheus-redis-exporter
)
# For the tests with Node.js clients. A Node.js from elsewhere brings an npm of its own, which Debian's
# conflicts with.
if ! { command -v node && command -v npm; } >/dev/null; then
  DUET_TEST_PACKAGES+=(nodejs npm)
fi

# duet_step TEXT: a headline in the progress that the scripts print.
duet_step() { printf '\n== %s (%s)\n' "$*" "$(date +%H:%M:%S)"; }

# duet_install PACKAGE...: installs those of the packages that are missing.
duet_install() {
  local package missing=()
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo)
    command -v sudo >/dev/null || {
      printf 'Packages are missing, and there is no sudo to install them. As root, run:\n' >&2
      printf '  apt-get update && apt-get install --no-install-recommends %s\n' "${missing[*]}" >&2
      return 1
    }
  fi
  duet_step "installing ${missing[*]}"
  "${as_root[@]}" bash -s -- "${missing[@]}" <<'AS_ROOT'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# Package scripts ask this file whether they may start a service: no (101).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
apt-get update -q
apt-get install -y -q --no-install-recommends "$@" </dev/null
# Nor shall one start at the next boot because our tests wanted its binary.
if [[ -d /run/systemd/system ]]; then
  for service in redis-server prometheus prometheus-redis-exporter; do
    [[ " $* " == *" $service "* ]] && systemctl disable --quiet "$service" || true
  done
fi
AS_ROOT
}

# duet_configure DIRECTORY OPTION...: configures a build of this tree.
duet_configure() {
  local directory=$1 log=$1/configure.log
  shift
  mkdir -p "$directory"
  cmake -S . -B "$directory" -G Ninja "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    return 1
  }
}

# ccache finds its objects again from any clone of the repository, precompiled headers included.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
# Objects of all build flavours: the default of 5 GB would evict them in turn.
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-10G}
