#!/usr/bin/env python3
"""Client-side caching over TCP: where an invalidation stands between replies, and that none is lost
while two workers read and write."""
import threading
import unittest

from harness import Duet, encode

PUSH = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"


class Tracking(unittest.TestCase):
    def test_an_own_change_is_told_behind_its_reply(self):
        with Duet() as server, server.connect() as client:
            client.call("HELLO", "3")
            client.call("CLIENT", "TRACKING", "ON")
            client.send(encode("GET", "k") + encode("SET", "k", "1") + encode("PING"))
            self.assertEqual([client.read_raw() for _ in range(4)],
                             [b"_\r\n", b"+OK\r\n", PUSH, b"+PONG\r\n"])

    def test_a_transaction_is_not_torn_apart(self):
        with Duet() as server, server.connect() as client:
            client.call("HELLO", "3")
            client.call("CLIENT", "TRACKING", "ON")
            client.send(encode("MULTI") + encode("GET", "k") + encode("INCR", "k") +
                        encode("GET", "k") + encode("EXEC"))
            replies = [client.read_raw() for _ in range(6)]
            self.assertEqual(replies[4:], [b"*3\r\n_\r\n:1\r\n$1\r\n1\r\n", PUSH])

    def test_a_cache_that_obeys_is_never_stale(self):
        """One client counts a key up; the other reads it only after it was told to, and must end
        with the last value though it never polls."""
        rounds = 2000
        with Duet("--threads=2") as server, server.connect() as reader:
            reader.call("HELLO", "3")
            reader.call("CLIENT", "TRACKING", "ON")

            def count():
                with server.connect() as writer:
                    for _ in range(rounds):
                        writer.call("INCR", "k")

            writer = threading.Thread(target=count)
            seen = -1
            reader.send(encode("GET", "k"))
            writer.start()
            while seen < rounds:
                reply = reader.read()
                if isinstance(reply, list):
                    self.assertEqual(reply, [b"invalidate", [b"k"]])
                    reader.send(encode("GET", "k"))
                else:
                    value = int(reply or 0)
                    self.assertGreaterEqual(value, seen)
                    seen = value
            writer.join()


if __name__ == "__main__":
    unittest.main()
