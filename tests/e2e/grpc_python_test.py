#!/usr/bin/env python3
"""grpc_python_smoke.py against a server of its own, and README.md's minute with gRPC."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, SLOWDOWN, Duet

README = (ROOT / "README.md").read_text()


class GrpcPython(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())

    def run_script(self, *argv, **options):
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=120 * SLOWDOWN, cwd=ROOT, **options)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_smoke(self):
        script = pathlib.Path(__file__).with_name("grpc_python_smoke.py")
        self.run_script(sys.executable, str(script), str(self.server.grpc[1]))

    def test_readme(self):
        generate = re.search(r"```sh\n(protoc .*?)PYTHONPATH", README, re.S)[1]
        program = re.search(r"```python\n(.*?)```", README, re.S)[1]
        with tempfile.TemporaryDirectory() as directory:
            self.run_script("sh", "-c", generate.replace("_out=build", "_out=" + directory))
            program = program.replace("127.0.0.1:50051", "127.0.0.1:%d" % self.server.grpc[1])
            program += '\nassert store.Get(kv.GetRequest(key=b"greeting")).value == b"hello"\n'
            self.run_script(sys.executable, "-c", program, env={"PYTHONPATH": directory})
        with self.server.connect() as client:
            self.assertEqual(client.call("GET", "greeting"), b"hello")


if __name__ == "__main__":
    unittest.main(verbosity=2)
