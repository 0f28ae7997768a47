#!/usr/bin/env python3
"""What the server logs, as whoever collects its standard error sees it."""
import json
import unittest

from harness import Duet, RespError, http_get, wait_until

SECRET = "kept-out-of-every-log"


def events(server):
    return [json.loads(line) for line in server.lines if line.startswith("{")]


def named(server, message):
    return [event for event in events(server) if event["message"].startswith(message)]


class Log(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet(
            "--log-format=json", "--requirepass=" + SECRET, "--log-level=info,server=debug,auth=warning"))

    def connect(self):
        client = self.enterContext(self.server.connect())
        client.call("AUTH", SECRET)
        return client

    def wait_for(self, message):
        wait_until(lambda: named(self.server, message), what=message)
        return named(self.server, message)[-1]

    def test_start_and_drain(self):
        self.wait_for("ready")
        doors = {event["door"]: event for event in named(self.server, "listening")}
        self.assertEqual(set(doors), {"resp", "grpc", "admin"})
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual([event["message"] for event in events(self.server)][-2:],
                         ["draining", "stopped"])
        self.assertEqual({event["target"] for event in events(self.server)}, {"server"})

    def test_a_wrong_password(self):
        with self.server.connect() as client:
            with self.assertRaises(RespError):
                client.call("AUTH", "not-" + SECRET)
            peer = "127.0.0.1:%d" % client.socket.getsockname()[1]
        event = self.wait_for("refused a client")
        self.assertEqual((event["level"], event["target"], event["peer"]),
                         ("warning", "auth", peer))
        self.assertNotIn(SECRET, self.server.output())

    def test_what_is_no_resp(self):
        with self.server.connect() as client:
            client.send(b"*1\r\n$-5\r\n")
            client.read_until_closed()
        event = self.wait_for("closes a connection: what it sent is no RESP")
        self.assertIn("invalid bulk length", event["reason"])

    def test_a_setting_is_named_and_its_value_is_not(self):
        client = self.connect()
        client.call("CONFIG", "SET", "requirepass", "also-" + SECRET)
        event = self.wait_for("a client has changed a setting")
        self.assertEqual(event["setting"], "requirepass")
        self.assertNotIn(SECRET, self.server.output())

    def test_a_slow_command(self):
        client = self.connect()
        client.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
        client.call("SET", "a-key", "a-value")
        event = self.wait_for("slow command")
        self.assertEqual(event["target"], "commands")
        self.assertGreater(event["duration_us"], -1)
        self.assertNotIn("a-key", self.server.output())
        self.assertNotIn("a-value", self.server.output())

    def test_levels_change_while_it_runs(self):
        client = self.connect()
        client.call("CONFIG", "SET", "loglevel", "off,resp=debug")
        self.assertEqual(client.call("CONFIG", "GET", "loglevel"),
                         [b"loglevel", b"off,resp=debug"])
        self.connect().close()
        self.wait_for("connected")
        self.wait_for("closed")
        self.assertEqual(named(self.server, "a client has changed a setting"), [])

    def test_a_client_cannot_flood_it(self):
        count = 300
        with self.server.connect() as client:
            for _ in range(count):
                client.raw("AUTH", "wrong")
        client = self.connect()
        metrics = http_get(self.server.admin, "/metrics")[2].decode()
        held_back = next(int(float(line.split()[-1])) for line in metrics.splitlines()
                         if line.startswith('duet_log_lines_lost_total{reason="repeated"}'))
        self.assertGreater(held_back, 0)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(len(named(self.server, "refused a client")) + held_back, count)


if __name__ == "__main__":
    unittest.main(verbosity=2)
