#!/usr/bin/env python3
"""Carries out deploy/Dockerfile step by step without Docker, in a bare Debian 12 that debootstrap makes,
and runs the image that comes of it as a container:

    replay_dockerfile.py [DIRECTORY]

Needs root, debootstrap and a Debian mirror; takes minutes, so it is no test of ctest's. DIRECTORY keeps
the bare Debian for the next time (default: a temporary one). What RUN --mount=type=cache asks for is
ccache's directory of this user.
"""
import fnmatch
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dockerfile
from image_test import looks_right, runs_right

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
SUITES = {"debian:12": "bookworm"}
CACHE = pathlib.Path.home() / ".cache/ccache"

# Runs a step's command line in the stage's root ($1), with the cache mounted over $2 if that is given.
SCRIPT = """
set -eu
root=$1 cache=$2 from=$3 directory=$4
shift 4
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ -n "$cache" ]; then
  mkdir -p "$root$cache" "$from"
  mount --bind "$from" "$root$cache"
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c 'cd "$1"; shift; exec "$@"' sh "$directory" "$@"
"""


def say(text):
    print(f"== {time.strftime('%H:%M:%S')} {text}", flush=True)


def bare(base, directory):
    """The root of the base image: a copy of a Debian that debootstrap has made in `directory`."""
    suite = SUITES[base]
    original = directory / suite
    if not (original / "made").exists():
        say(f"debootstrap {suite}")
        shutil.rmtree(original, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", suite, str(original), MIRROR],
                       check=True, stdout=subprocess.DEVNULL)
        (original / "made").touch()
    root = directory / "build"
    if root.exists():
        shutil.rmtree(root)
    subprocess.run(["cp", "-a", str(original), str(root)], check=True)
    return root


def context():
    """Files that COPY sees: those of git that .dockerignore leaves, the last matching line decides."""
    lines = [line for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
             if line and not line.startswith("#")]
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")

    def kept(file):
        ancestors = [file, *(str(each) for each in pathlib.PurePath(file).parents)]
        keep = True
        for line in lines:
            pattern = line.lstrip("!").removeprefix("**/")
            if any(fnmatch.fnmatch(each, pattern) for each in ancestors):
                keep = line.startswith("!")
        return keep

    return [file for file in files if file and kept(file)]


class Replay:
    """The stages, one after the other."""

    def __init__(self, directory):
        self.directory = directory
        self.roots = {}
        for stage in dockerfile.stages():
            if stage.base == "scratch":
                root = directory / "image"
                shutil.rmtree(root, ignore_errors=True)
                root.mkdir()
            else:
                root = bare(stage.base, directory)
            self.roots[stage.name] = self.root = root
            self.work, self.command = "/", ["/bin/sh", "-c"]
            for word, rest in stage.steps:
                say(f"{word} {rest}")
                getattr(self, word.lower())(rest)

    def workdir(self, rest):
        self.work = rest
        (self.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def shell(self, rest):
        self.command = json.loads(rest)

    def copy(self, rest):
        words = shlex.split(rest)
        if words[0].startswith("--from="):
            source = self.roots[words.pop(0).removeprefix("--from=")] / words[0].lstrip("/")
            subprocess.run(["cp", "-a", f"{source}/.", str(self.root)], check=True)
            return
        source, target = words
        base = self.root / self.work.lstrip("/")
        if source == ".":
            for file in context():
                (base / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, base / file)
        else:
            (base / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / source, base / target)

    def run(self, rest):
        cache = ""
        if rest.startswith("--mount="):
            mount, rest = rest.split(" ", 1)
            options = dict(each.split("=") for each in mount.removeprefix("--mount=").split(","))
            assert options["type"] == "cache", mount
            cache = options["target"]
        subprocess.run(["unshare", "--mount", "sh", "-c", SCRIPT, "sh", str(self.root), cache,
                        str(CACHE), self.work, *self.command, rest.strip()], check=True,
                       stdin=subprocess.DEVNULL)


class Result(unittest.TestCase):
    root = None

    def test_root(self):
        looks_right(self, self.root)

    def test_container(self):
        runs_right(self, self.root)


def main():
    if os.geteuid() != 0:
        sys.exit("only root can do this: debootstrap and chroot")
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else temporary).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        Replay(directory)
        Result.root = directory / "image"
        say("the image is run")
        unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
