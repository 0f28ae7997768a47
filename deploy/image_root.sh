#!/usr/bin/env bash
# Lays out the root of an image around a program:
#   deploy/image_root.sh BINARY DIRECTORY
# The program goes to /usr/bin without its debug symbols, the shared libraries that it loads to where
# the loader finds them. Beside them: users to run as, and of each library's Debian package the
# licence and what dpkg knows of it, by which scanners name its vulnerabilities.
set -euo pipefail
binary=$1 root=$2

# Directories that Docker mounts over, or programs expect; /etc/duet is for a password's file.
mkdir -p "$root"/{dev,proc,sys,tmp,etc/duet,usr/bin,usr/lib,usr/share/doc,var/lib/dpkg/status.d}
chmod 1777 "$root/tmp"
ln -s usr/lib "$root/lib"
ln -s usr/lib "$root/lib64"
strip -o "$root/usr/bin/$(basename "$binary")" "$binary"
install -D -m 644 "$(dirname "$0")/../LICENSE" "$root/usr/share/doc/duet/copyright"

cat >"$root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/:/sbin/nologin
duet:x:10001:10001:duet:/:/sbin/nologin
PASSWD
printf 'root:x:0:\nduet:x:10001:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp /etc/os-release "$root/etc/os-release"

# "libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)" and "/lib64/ld-linux-x86-64.so.2 (0x...)".
mapfile -t libraries < <(ldd "$binary" | sed -nE 's/^\t(.* => )?(\/[^ ]+) \(0x.*/\2/p')
((${#libraries[@]} > 0)) || { echo "$binary: ldd names no libraries" >&2; exit 1; }
cp -L "${libraries[@]}" "$root/usr/lib/"

# The packages: "libz:amd64: /lib/x86_64-linux-gnu/libz.so.1". dpkg knows a file by the name in its
# package, which on Debian 12 begins with /lib or with /usr/lib: it is asked for both, and has one.
declare -A packages
while IFS= read -r line; do
  path=${line##*: }
  packages[${path#/usr}]=${line%%[:,]*}
done < <(dpkg-query -S "${libraries[@]}" "${libraries[@]/#//usr}" 2>/dev/null)
for library in "${libraries[@]}"; do
  package=${packages[${library#/usr}]:-}
  [[ -n $package ]] || { echo "$library: no package has it" >&2; exit 1; }
  [[ -e $root/var/lib/dpkg/status.d/$package ]] && continue
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  install -D -m 644 -t "$root/usr/share/doc/$package" "/usr/share/doc/$package/copyright"
done
