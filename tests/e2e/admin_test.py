#!/usr/bin/env python3
"""The admin listener: /metrics for Prometheus, /livez and /readyz for Kubernetes."""
import re
import socket
import subprocess
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import Duet, http_get


class Admin(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())
        self.client = self.enterContext(self.server.connect())

    def metrics(self):
        status, headers, body = http_get(self.server.admin, "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/plain"), headers)
        return body.decode()

    def sum_of(self, pattern):
        """Sum of the samples whose line matches before its value."""
        lines = re.findall(rf"^(?:{pattern}) ([\d.e+]+)$", self.metrics(), re.M)
        return sum(float(value) for value in lines)

    def test_promtool_accepts_metrics(self):
        for i in range(100):
            self.client.call("SET", f"key:{i}", "v", "PX", 60_000)
            self.client.call("GET", f"key:{i}")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.metrics(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.strip(), "")

    def test_open_metrics(self):
        """What Prometheus asks for first; parsed by the reference implementation, which is strict."""
        self.client.call("SET", "k", "v")
        status, headers, body = http_get(
            self.server.admin, "/metrics",
            accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        families = {family.name: family
                    for family in text_string_to_metric_families(body.decode())}
        self.assertEqual(families["redis_commands"].type, "counter")
        self.assertIn(("redis_commands_total", {"cmd": "set"}, 1.0),
                      [sample[:3] for sample in families["redis_commands"].samples])
        plain = len(re.findall(r"^# TYPE ", self.metrics(), re.M))
        self.assertEqual(len(families), plain)

    def test_commands_are_counted(self):
        pattern = r'redis_commands_total\{[^}]*cmd="get"[^}]*\}'
        before = self.sum_of(pattern)
        for _ in range(10):
            self.client.call("GET", "missing")
        self.assertEqual(self.sum_of(pattern) - before, 10)

    def test_every_sample_has_help_and_type(self):
        text = self.metrics()
        typed = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
        self.assertEqual(typed, set(re.findall(r"^# HELP (\S+) ", text, re.M)))
        for name in set(re.findall(r"^([a-z_:][a-z0-9_:]*)", text, re.M)):
            self.assertTrue(name.startswith(("duet_", "redis_", "grpc_server_", "process_")), name)
            self.assertTrue(any(name == t or re.sub("_(bucket|sum|count)$", "", name) == t
                                for t in typed), name)

    def test_health(self):
        for path in ("/livez", "/readyz"):
            self.assertEqual(http_get(self.server.admin, path)[0], 200)

    def test_other_paths_and_garbage(self):
        self.assertEqual(http_get(self.server.admin, "/nothing")[0], 404)
        self.assertEqual(http_get(self.server.admin, "/metrics/../secret")[0], 404)
        for data in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"):
            with self.subTest(data=data[:30]):
                with socket.create_connection(self.server.admin, 20) as connection:
                    try:
                        connection.sendall(data)
                        connection.shutdown(socket.SHUT_WR)
                        answer = connection.recv(4096)
                    except OSError:  # refused and closed before all was sent
                        answer = b""
                    self.assertTrue(answer == b"" or re.match(rb"HTTP/1\.[01] 4\d\d ", answer) or
                                    answer.startswith(b"HTTP/1.1 505 "), answer[:80])
                self.assertEqual(http_get(self.server.admin, "/livez")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
