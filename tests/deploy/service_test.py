#!/usr/bin/env python3
"""deploy/duet.service: systemd takes it, it is hardened, and the server needs nothing that it forbids."""
import configparser
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from certificates import Certificates, fingerprint  # noqa: E402
from harness import BINARY, DOORS, SLOWDOWN, Duet, Process, http_get, wait_until  # noqa: E402
from monitoring_test import Load  # noqa: E402

UNIT = ROOT / "deploy/duet.service"


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False)


def with_tls():
    """The unit with the settings of TLS, which are comments in it."""
    return re.sub(r"^#(?=\w+=)", "", UNIT.read_text(), flags=re.M)


def entries(name, text=None):
    """All values of a key of [Service], in order."""
    return re.findall(rf"^{name}=(.*)$", text or UNIT.read_text(), re.M)


def system_calls(group):
    """Names in a group of systemd's, groups in it included."""
    output = analyze("syscall-filter", group).stdout
    found = set()
    for line in output.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= system_calls(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


class Traced(Duet):
    """A server whose system calls are written to `log`. With -D the tracer is its child, so that the
    process is the server itself."""

    def __init__(self, log, *flags):
        Process.__init__(self, ["strace", "-D", "-f", "-qq", "-o", log, BINARY, *(
            f"--{door}-port=0" for door in (*DOORS, "tls", "grpc-tls")), *flags])
        self.addresses = {}
        self._doors = {*DOORS, "resp-tls", "grpc-tls"}
        self.wait_for_lines(self._doors_open)


class Service(unittest.TestCase):
    def test_systemd_takes_it(self):
        with tempfile.TemporaryDirectory() as directory:
            # Where the unit says that the program is, there may be none.
            copy = pathlib.Path(directory, UNIT.name)
            for text in (UNIT.read_text(), with_tls()):
                copy.write_text(text.replace("/usr/local/bin/duet-server", BINARY))
                done = analyze("verify", str(copy))
                self.assertEqual((done.returncode, done.stdout), (0, ""))
                done = analyze("security", "--offline=true", "--threshold=15", str(copy))
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_its_variables_are_settings(self):
        text = subprocess.run([BINARY, "--help"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
        values = entries("Environment", with_tls())
        self.assertIn("DUET_TLS_PORT=6380", values)
        for value in values:
            name = value.split("=")[0].removeprefix("DUET_").lower().replace("_", "-")
            self.assertIn(f"--{name} ", text)
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str
        parser.read(UNIT)
        self.assertEqual(parser.sections(), ["Unit", "Service", "Install"])

    def test_it_stops_later_than_the_drain(self):
        defaults = dict(re.findall(r"^  --(drain-\w+) \(default (\d+)\)", subprocess.run(
            [BINARY, "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout, re.M))
        self.assertEqual(set(defaults), {"drain-delay", "drain-timeout"})
        stop, = entries("TimeoutStopSec")
        self.assertGreater(1000 * int(stop.removesuffix("s")), sum(map(int, defaults.values())))

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    def test_the_server_needs_nothing_that_is_forbidden(self):
        """From start to drain, with all doors in use, and a new certificate."""
        allowed = set()
        for value in entries("SystemCallFilter"):
            for group in value.removeprefix("~").split():
                calls = system_calls(group)
                self.assertTrue(calls, group)
                allowed = allowed - calls if value.startswith("~") else allowed | calls
        # What systemd allows always, to start the program at all.
        allowed |= system_calls("@default") | {"execve"}
        with tempfile.TemporaryDirectory() as directory:
            log = os.path.join(directory, "calls")
            pki = self.enterContext(Certificates())
            with Traced(log, "--maxclients=1000", "--tls-reload-interval=10ms",
                        *pki.flags(auth_clients="no")) as server:
                pki.replace_server(pki.renewed)
                for door in (server.resp_tls, server.grpc_tls):
                    wait_until(lambda: fingerprint(ssl.get_server_certificate(door)) ==
                               pki.renewed.fingerprint(), what=f"new certificate at {door}")
                with Load(server):
                    for path in ("/metrics", "/readyz") * 20:
                        self.assertEqual(http_get(server.admin, path, 60 * SLOWDOWN)[0], 200)
            text = pathlib.Path(log).read_text(errors="replace")
        used = set(re.findall(r"^\d+ +(\w+)\(", text, re.M))
        self.assertGreater(len(used), 20)
        self.assertEqual(used - allowed, set())
        families = {f"AF_{name}" for name in re.findall(r"socket\(AF_(\w+)", text)}
        self.assertLessEqual(families, set(entries("RestrictAddressFamilies")[0].split()))
        # MemoryDenyWriteExecute.
        for protection in re.findall(r"^\d+ +m(?:map|protect)\([^)]*?(PROT_[A-Z_|]+)", text, re.M):
            self.assertNotIn("PROT_WRITE|PROT_EXEC", protection)
        self.assertIsNone(re.search(r"^\d+ +mprotect\([^)]*PROT_EXEC", text, re.M))


if __name__ == "__main__":
    unittest.main(verbosity=2)
