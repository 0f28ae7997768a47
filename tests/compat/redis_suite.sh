#!/usr/bin/env bash
# Redis' own test suite against duet-server: what passes, and what is on the skip list and why.
#   tests/compat/redis_suite.sh [UNIT...]      e.g. tests/compat/redis_suite.sh multi type/string
# Redis 7.0.15 comes from Debian's source package into .cache/ (or DUET_CACHE), which git ignores.
# Needs tcl, redis-tools and procps. DUET_SERVER names the server; redis_suite.py has the rest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${DUET_CACHE:-$here/../../.cache}
version=7.0.15
source=$cache/redis-$version

# fetch DIRECTORY: the upstream archive of Debian's source package, checked by apt. The machine's
# own lists of packages stay as they are.
fetch() {
  local lists=$1/apt
  mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
  apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format \
    'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    sort -u >"$lists/sources.list"
  local options=(-q -o "Dir::Etc::SourceList=$lists/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache" -o APT::Sandbox::User=)
  apt-get "${options[@]}" update
  (cd "$1" && apt-get "${options[@]}" source --download-only redis)
  tar -xzf "$1/redis_$version.orig.tar.gz" -C "$1"
}

if [[ ! -d $source ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  fetch "$work" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
  for tool in redis-cli redis-benchmark; do ln -s "$(command -v $tool)" "$work/redis-$version/src/"; done
  mv -T "$work/redis-$version" "$source" || [[ -d $source ]]
fi
python3 "$here/redis_suite.py" "$source" "$@"
