#!/usr/bin/env python3
"""Holds every #include of our own headers to the table of shared/DESIGN.md, section 2.

The table stands below as data: who may include whom. A header that is not listed for a folder is
an offence, and so is a folder that has no row. Prints offenders; exits 1 if there are any.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r'^\s*#\s*include\s+"((?:server|client|proto|tests)/[^"]+)"', re.M)

# Folder -> prefixes of what it may include beside itself.
MAY_INCLUDE = {
    "server/base": [],
    "server/api": ["server/base/"],
    "server/tls": ["server/base/"],
    "server/runtime": ["server/base/", "server/tls/session.h"],
    "server/store": ["server/base/", "server/api/error.h"],
    "server/pubsub": ["server/base/", "server/runtime/"],
    "server/metrics": ["server/base/", "server/runtime/"],
    "server/tracing": ["server/base/"],
    "server/otlp": ["server/base/", "server/tracing/", "proto/"],
    "server/commands": ["server/base/", "server/api/", "server/store/", "server/pubsub/",
                        "server/metrics/", "server/runtime/", "server/tracing/"],
    "server/resp": ["server/base/", "server/api/", "server/tls/", "server/runtime/",
                    "server/metrics/", "dispatcher and session"],
    "server/grpc": ["server/base/", "server/api/", "server/runtime/", "server/metrics/",
                    "server/tracing/", "dispatcher and session", "proto/"],
    "server/http": ["server/base/", "server/runtime/", "server/metrics/"],
    "client": ["server/base/", "server/api/", "server/runtime/", "server/resp/parser.h",
               "server/resp/reply_parser.h", "server/resp/encoder.h", "proto/"],
}
# config.* is plain data of the composition root; these are everything's owners.
ROOT_FILES = re.compile(r"^server/[^/]+\.(h|cc)$")


@functools.cache
def dispatcher_and_session():
    """commands/{dispatcher,session}.h and what of commands/ their interfaces are made of, and the
    registry that a connection enters its session in."""
    found, todo = set(), ["server/commands/dispatcher.h", "server/commands/session.h",
                          "server/commands/client_registry.h"]
    while todo:
        header = todo.pop()
        if header.startswith("server/commands/") and header not in found:
            found.add(header)
            todo += INCLUDE.findall((ROOT / header).read_text())
    return sorted(found)


def folder_of(path):
    parts = path.split("/")
    return parts[0] if parts[0] == "client" else "/".join(parts[:2])


def offences(path, text):
    """Includes of the file that its folder's row does not allow."""
    if ROOT_FILES.match(path):
        return []
    folder = folder_of(path)
    if folder not in MAY_INCLUDE:
        return [f"{path}: folder {folder} has no row in the include table"]
    allowed = [folder + "/", *MAY_INCLUDE[folder]]
    if "dispatcher and session" in allowed:
        allowed += dispatcher_and_session()
    return [f"{path}:{text.count(chr(10), 0, match.start()) + 1}: includes {match[1]}"
            for match in INCLUDE.finditer(text) if not match[1].startswith(tuple(allowed))]


def main():
    found, files = [], 0
    for top in ("server", "client"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cc"):
                files += 1
                found += offences(str(path.relative_to(ROOT)), path.read_text())
    print("\n".join(found + [f"{files} files, {len(found)} includes against the table"]))
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
