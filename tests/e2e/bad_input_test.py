#!/usr/bin/env python3
"""Malformed and hostile input on the RESP port: an error or a clean close, never a crash, a hang or
unbounded memory, and other connections do not notice."""
import contextlib
import random
import socket
import time
import unittest

from harness import SANITIZED, SLOWDOWN, Duet, Redis, encode, wait_until

MIB = 1 << 20

# Sent to redis-server as well; the replies until the connection closes must be equal.
PROTOCOL_ERRORS = [
    b"*1\r\nPING\r\n",
    b"*1\r\n:1\r\n",
    b"*1\r\n+PING\r\n",
    b"*2\r\n$4\r\nECHO\r\n*1\r\n$1\r\na\r\n",
    b"*abc\r\n",
    b"*+1\r\n$4\r\nPING\r\n",
    b"* 1\r\n$4\r\nPING\r\n",
    b"*1 \r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*1.5\r\n",
    b"*2147483648\r\n",
    b"*99999999999999999999\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$-5\r\n",
    b"*1\r\n$+4\r\nPING\r\n",
    b"*1\r\n$ 4\r\nPING\r\n",
    b"*1\r\n$4 \r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$abc\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"*1\r\n$18446744073709551615\r\n",
    b"SET \"unbalanced\r\n",
    b"SET 'unbalanced\r\n",
    b"SET \"a\"b c\r\n",
    b"x" * (64 * 1024 + 1),
    b"*" + b"1" * (64 * 1024 + 1),
    b"*1\r\n$" + b"1" * (64 * 1024 + 1),
    b"PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n*1\r\n$4\r\nPING\r\n",
]

# Accepted by Redis in silence or answered in order; the connection goes on.
HARMLESS = [
    b"\r\n\r\n", b"*0\r\n", b"*-1\r\n", b"*-10\r\n", b"  PING  \r\n", b"PING\n", b"ping 'a b'\r\n",
    b"\"PING\" \"\\x41\\n\"\r\n", b"ECHO \"\"\r\n", b"*1\r\n$0\r\n\r\n", b"GET\r\n", b"*1\r\n$3\r\nGET\r\n",
    b"no_such_command with some arguments\r\n",
    b"*2\r\n$4\r\nECHO\r\n$3\r\n\x00\xff\r\r\n",
]


def replies_until_closed(server, data):
    with server.connect() as client:
        with contextlib.suppress(ConnectionError):
            client.send(data)
        client.socket.shutdown(socket.SHUT_WR)
        return client.read_until_closed()


class BadInput(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())
        self.bystander = self.enterContext(self.server.connect())

    def tearDown(self):
        self.assertEqual(self.bystander.call("PING"), "PONG")

    def assert_memory(self, grown_by, limit):
        if not SANITIZED:
            self.assertLess(grown_by, limit)

    def test_protocol_errors_are_those_of_redis(self):
        with Redis() as redis:
            for data in PROTOCOL_ERRORS + HARMLESS:
                with self.subTest(data=data[:80]):
                    self.assertEqual(replies_until_closed(self.server, data),
                                     replies_until_closed(redis, data))

    def test_harmless_input_leaves_the_connection_open(self):
        for data in HARMLESS:
            with self.subTest(data=data), self.server.connect() as client:
                client.send(data + encode("ECHO", "still here"))
                for _ in range(4):
                    if b"still here" in client.read_raw():
                        break
                else:
                    self.fail("no answer to the command that followed")

    def test_http_on_the_resp_port_is_closed(self):
        # A browser that is tricked into posting here (Redis' cross-protocol protection).
        with Redis() as redis:
            for line in (b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost:6379\r\n",
                         encode("post"), encode("PING") + encode("Host:", "localhost")):
                data = line + b"Content-Length: 20\r\n\r\nSET hacked yes\r\n"
                for server in (redis, self.server):
                    self.assertEqual(replies_until_closed(server, data), b"")
                self.assertIsNone(self.bystander.call("GET", "hacked"))
        warning = wait_until(
            lambda: next((line for line in self.server.lines if "it sent HTTP" in line), None),
            what="the log says so")
        self.assertRegex(warning, r"WARN .* peer=127\.0\.0\.1:\d+")

    def test_frames_cut_at_every_byte(self):
        frame = encode("SET", "key", "a value\r\nwith a line") + b"GET key\r\n" + encode("PING")
        whole = b"+OK\r\n$20\r\na value\r\nwith a line\r\n+PONG\r\n"
        for cut in range(len(frame)):
            with self.subTest(cut=cut):
                got = replies_until_closed(self.server, frame[:cut])
                self.assertTrue(whole.startswith(got), got)
                with self.server.connect() as client:
                    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    client.send(frame[:cut])
                    self.bystander.call("PING")  # a round trip: the halves arrive apart
                    client.send(frame[cut:])
                    got = b"".join(client.read_raw() for _ in range(3))
                    self.assertEqual(got, whole)

    def test_a_frame_byte_by_byte(self):
        with self.server.connect() as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in encode("ECHO", "x" * 40):
                client.send(bytes([byte]))
            self.assertEqual(client.read(), b"x" * 40)

    def test_random_bytes(self):
        source = random.Random(7)
        alphabet = b"*$+-:\r\n 0123456789\"'\\\x00\xffPINGSETx"
        for _ in range(300):
            data = bytes(source.choice(alphabet) for _ in range(source.randint(1, 400)))
            replies_until_closed(self.server, data)

    def test_announced_lengths_cost_no_memory(self):
        before = self.server.rss_bytes()
        with contextlib.ExitStack() as stack:
            for i in range(200):
                client = stack.enter_context(self.server.connect())
                client.send(b"*1048576\r\n$4\r\nMSET\r\n" if i % 2 else
                            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nstart")
            self.assertEqual(self.bystander.call("PING"), "PONG")
            self.assert_memory(self.server.rss_bytes() - before, 64 * MIB)

    def test_a_million_empty_arguments(self):
        count = 1024 * 1024
        frame = b"*%d\r\n$6\r\nEXISTS\r\n" % count + b"$0\r\n\r\n" * (count - 1)
        before = self.server.rss_bytes()
        with self.server.connect(seconds=60) as client:
            client.send(frame)
            self.assertEqual(client.read_raw(), b":0\r\n")
            self.assert_memory(self.server.rss_bytes() - before, 256 * MIB)
        replies = replies_until_closed(self.server, b"*%d\r\n" % (count + 1))
        self.assertEqual(replies, b"-ERR Protocol error: invalid multibulk length\r\n")

    def test_a_wait_beyond_what_a_timer_holds_does_not_turn(self):
        with Duet() as server, server.connect() as waiting, server.connect() as other:
            waiting.send(encode("WAIT", "1", "9300000000000"))  # milliseconds; 2^63 ns are fewer
            other.call("PING")
            before = server.cpu_seconds()
            time.sleep(1)
            self.assertLess(server.cpu_seconds() - before, 0.5)
            self.assertEqual(other.call("PING"), "PONG")

    def test_a_slow_reader_is_not_read_from(self):
        value, count = b"v" * 100_000, 20_000  # 2 GB of replies
        self.bystander.call("SET", "big", value)
        before = self.server.rss_bytes()
        request = encode("GET", "big")
        with self.server.connect() as slow:
            slow.socket.setblocking(False)
            pending, end = request * count, time.monotonic() + 2 * SLOWDOWN
            sent = peak = 0
            while sent < len(pending) and time.monotonic() < end:
                try:
                    sent += slow.socket.send(pending[sent:sent + 65536])
                except BlockingIOError:
                    time.sleep(0.01)
                peak = max(peak, self.server.rss_bytes() - before)
                self.assertEqual(self.bystander.call("PING"), "PONG")
            self.assert_memory(peak, 256 * MIB)
            # What it asked for still comes, whole and in order.
            slow.socket.settimeout(60 * SLOWDOWN)
            expected = b"$100000\r\n" + value + b"\r\n"
            for _ in range(50):
                self.assertEqual(slow.read_raw(), expected)

    def test_many_abandoned_connections(self):
        for _ in range(500):
            with self.server.connect() as client:
                client.send(b"*2\r\n$3\r\nGET\r\n$1000\r\nabc")


if __name__ == "__main__":
    unittest.main(verbosity=2)
