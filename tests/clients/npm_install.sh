#!/usr/bin/env bash
# Installs the npm clients of the matrix, pinned, into DIRECTORY, unless they are there:
#   tests/clients/npm_install.sh DIRECTORY
# Exit code 77: Node.js is too old for them.
set -euo pipefail
directory=$1
packages=(ioredis@6.0.0 iovalkey@0.4.0 redis@6.3.1 @valkey/valkey-glide@2.5.2)

major=$(node -p 'process.versions.node.split(".")[0]')
if ((major < 20)); then
  echo "Node.js $major is too old: these clients ask for 20" >&2
  exit 77
fi
# A note beside node_modules, so that an install that was cut short is not taken for one.
[[ -e $directory/installed && $(<"$directory/installed") == "${packages[*]}" ]] && exit 0
mkdir -p "$directory"
npm install --prefix "$directory" --no-audit --no-fund --no-package-lock --ignore-scripts \
  --prefer-offline "${packages[@]}"
echo "${packages[*]}" >"$directory/installed"
