#!/usr/bin/env python3
"""What README.md names exists: flags, files, RPCs, metrics paths; and its redis-cli minute works."""
import re
import subprocess
import unittest

from certificates import Certificates
from harness import BINARY, ROOT, Duet, http_get

README = (ROOT / "README.md").read_text()
CODE = re.findall(r"```sh\n(.*?)```", README, re.S)
# Flags of other programs in its examples.
FOREIGN_FLAGS = {"--scan", "--pattern", "--python_out", "--grpc_python_out", "--plugin", "--quick",
                 "--update-readme", "--help", "--io-threads", "--tls", "--cacert", "--cert", "--key"}


class Readme(unittest.TestCase):
    def test_flags_are_in_help(self):
        flags = set(re.findall(r"(?<![\w-])(--[a-z][a-z_-]+)", README)) - FOREIGN_FLAGS
        done = subprocess.run([BINARY, "--help"], stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertGreater(len(flags), 5)
        for flag in sorted(flags):
            with self.subTest(flag=flag):
                self.assertRegex(done.stdout, rf"{re.escape(flag)}\b(?!-)")

    def test_paths_exist(self):
        paths = set(re.findall(r"\]\(([^)#:]+)\)", README))
        paths |= set(re.findall(r"(?<![\w/.-])((?:deploy|tests|proto|server|\.ci)/[\w./-]*\w)", README))
        self.assertGreater(len(paths), 10)
        for path in sorted(paths):
            with self.subTest(path=path):
                self.assertTrue((ROOT / path).exists())

    def test_rpcs_exist(self):
        proto = (ROOT / "proto/duet/v1/key_value_service.proto").read_text()
        for rpc in re.findall(r"store\.(\w+)\(", README):
            self.assertIn(f"rpc {rpc}(", proto)
        for message in re.findall(r"kv\.(\w+Request)", README):
            self.assertIn(f"message {message} ", proto)

    def test_redis_cli_minute(self):
        lines = [line for block in CODE for line in block.splitlines() if line.startswith("redis-cli")]
        self.assertGreater(len(lines), 3)
        with Certificates() as pki, Duet("--tls-port=0", *pki.flags()) as server:
            for line in lines:
                command, _, said = line.partition("#")
                wanted = said.split(":")[0].strip()
                port = server.addresses["resp-tls" if "--tls" in line else "resp"][1]
                command = re.sub(r"^redis-cli( -p \d+)?", f"redis-cli -p {port} --no-raw", command)
                got = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True,
                                     cwd=pki.directory, timeout=60).stdout.strip()
                self.assertEqual(got.strip('"'), wanted.strip('"'), line)

    def test_admin_paths(self):
        with Duet() as server:
            for path in re.findall(r"curl http://127.0.0.1:9121(/\w+)", README):
                self.assertEqual(http_get(server.admin, path)[0], 200, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
