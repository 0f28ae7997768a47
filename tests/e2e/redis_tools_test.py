#!/usr/bin/env python3
"""redis-cli and redis-benchmark, as people use them, against duet-server."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

from harness import SLOWDOWN, Duet, encode


class RedisTools(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())
        self.client = self.enterContext(self.server.connect())
        self.port = str(self.server.resp[1])

    def run_tool(self, tool, *args, stdin=b"", seconds=60):
        done = subprocess.run([tool, "-p", self.port, *args], input=stdin, timeout=seconds * SLOWDOWN,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0, text)
        return text

    def test_commands_as_arguments(self):
        self.assertEqual(self.run_tool("redis-cli", "SET", "greeting", "hello"), "OK\n")
        self.assertEqual(self.run_tool("redis-cli", "GET", "greeting"), "hello\n")
        self.assertEqual(self.run_tool("redis-cli", "--no-raw", "GET", "missing"), "(nil)\n")
        self.assertEqual(self.run_tool("redis-cli", "--no-raw", "-3", "STRLEN", "greeting"),
                         "(integer) 5\n")

    def test_commands_on_standard_input(self):
        out = self.run_tool("redis-cli", stdin=b"SET k 1\nINCR k\nGET k\nPING\n")
        self.assertEqual(out, "OK\n2\n2\nPONG\n")

    def test_interactive(self):
        """A terminal: redis-cli asks COMMAND DOCS for its hints before the first prompt."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm", "HOME": "/nonexistent"}
        cli = subprocess.Popen(["redis-cli", "-p", self.port], stdin=slave, stdout=slave,
                               stderr=slave, env=environment)
        os.close(slave)
        screen = b""

        def wait_for(text):
            nonlocal screen
            end = time.monotonic() + 20 * SLOWDOWN
            while text not in screen:
                self.assertLess(time.monotonic(), end, f"no {text} on: {screen.decode()}")
                if select.select([master], [], [], 0.1)[0]:
                    screen += os.read(master, 1 << 16)
            screen = screen.split(text, 1)[1]

        try:
            for command, answer in ((b"SET name duet", b"OK"), (b"GET name", b'"duet"'),
                                    (b"INCR name", b"(error) ERR value is not an integer"),
                                    (b"SELECT 3", b"OK"), (b"DBSIZE", b"(integer) 0")):
                wait_for(b"> ")  # what is typed before the prompt is thrown away
                os.write(master, command + b"\r")
                wait_for(b"\r\n" + answer)
            wait_for(b"[3]> ")
            os.write(master, b"quit\r")
            self.assertEqual(cli.wait(20 * SLOWDOWN), 0)
        finally:
            if cli.poll() is None:
                cli.kill()
                cli.wait()
            os.close(master)

    def test_pipe(self):
        count = 50_000
        load = b"".join(encode("SET", f"key:{i}", f"value:{i}") for i in range(count))
        out = self.run_tool("redis-cli", "--pipe", stdin=load)
        self.assertIn(f"errors: 0, replies: {count}", out)
        self.assertEqual(self.client.call("DBSIZE"), count)
        self.assertEqual(self.client.call("GET", "key:49999"), b"value:49999")

    def test_scan_and_bigkeys(self):
        for i in range(2000):
            self.client.send(encode("SET", f"key:{i}", "x" * (i % 50)))
        for _ in range(2000):
            self.client.read()
        self.client.call("SET", "the:largest", "x" * 5000)
        keys = self.run_tool("redis-cli", "--scan").split()
        self.assertEqual(len(keys), 2001)
        self.assertEqual(len(set(keys)), 2001)
        some = self.run_tool("redis-cli", "--scan", "--pattern", "key:199?").split()
        self.assertEqual(sorted(some), [f"key:199{i}" for i in range(10)])
        out = self.run_tool("redis-cli", "--bigkeys")
        self.assertIn("Sampled 2001 keys", out)
        self.assertRegex(out, r'Biggest string found .*the:largest.* has 5000 bytes')

    def test_latency(self):
        # Without a terminal it samples for a second and prints min, max, average, count.
        out = self.run_tool("redis-cli", "--latency").split()
        self.assertEqual(len(out), 4, out)
        self.assertGreater(int(out[3]), 0)

    def test_benchmark(self):
        out = self.run_tool("redis-benchmark", "-q", "-t", "ping,set,get,incr,mset", "-n", "20000",
                            "-r", "1000", "-P", "8", "-c", "20")
        for test in ("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"):
            self.assertRegex(out, re.escape(test) + r": [\d.]+ requests per second")
        self.assertNotIn("rror", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
