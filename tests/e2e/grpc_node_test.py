#!/usr/bin/env python3
"""grpc_node_smoke.js against servers of its own.

    grpc_node_test.py [DIRECTORY]

Installs the client's packages from the npm registry into DIRECTORY, where they are not there yet
(default: a temporary directory).
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from certificates import Certificates
from harness import SLOWDOWN, Duet

SCRIPT = pathlib.Path(__file__).with_name("grpc_node_smoke.js")
PACKAGES = ("@grpc/grpc-js@1.14.7", "@grpc/proto-loader@0.8.1")
directory = None


def run(*argv, seconds=120, **environment):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=seconds * SLOWDOWN,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n" +
                             done.stdout)
    return done.stdout


def install():
    # A note beside node_modules, so that an install that was cut short is not taken for one.
    note = pathlib.Path(directory, "installed")
    wanted = "\n".join(PACKAGES)
    if note.exists() and note.read_text() == wanted:
        return
    run("npm", "install", "--prefix", directory, "--no-audit", "--no-fund", "--no-package-lock",
        "--ignore-scripts", "--prefer-offline", *PACKAGES, seconds=240)
    note.write_text(wanted)


class GrpcNode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        install()

    def smoke(self, address, *words):
        output = run("node", str(SCRIPT), str(address[1]), *words,
                     NODE_PATH=str(pathlib.Path(directory, "node_modules")))
        self.assertIn("grpc_node_smoke: ok", output)

    def test_smoke(self):
        with Duet() as server:
            self.smoke(server.grpc)

    def test_smoke_with_a_password(self):
        with Duet("--requirepass=node's own") as server:
            self.smoke(server.grpc, "node's own")
            with self.assertRaisesRegex(AssertionError, "16 UNAUTHENTICATED"):
                self.smoke(server.grpc, "another")

    def test_smoke_over_tls(self):
        with Certificates() as pki, Duet("--grpc-tls-port=0", *pki.flags()) as server:
            client, stranger = pki.client, pki.stranger
            self.smoke(server.grpc_tls, "", pki.ca.cert, client.cert, client.key)
            for files in ((pki.ca.cert,), (pki.ca.cert, stranger.cert, stranger.key)):
                with self.assertRaisesRegex(AssertionError, "14 UNAVAILABLE"):
                    self.smoke(server.grpc_tls, "", *files)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        directory = sys.argv.pop(1) if len(sys.argv) > 1 else temporary
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        unittest.main(verbosity=2)
