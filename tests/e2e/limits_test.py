#!/usr/bin/env python3
"""Limits of the running server, at n and at n + 1."""
import contextlib
import unittest

from harness import Duet, encode, wait_until


class Limits(unittest.TestCase):
    def test_clients(self):
        limit = 8
        with Duet(f"--maxclients={limit}") as server, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(server.connect()) for _ in range(limit)]
            for client in clients:
                self.assertEqual(client.call("PING"), "PONG")
            with server.connect() as one_more:
                self.assertEqual(one_more.read_until_closed(),
                                 b"-ERR max number of clients reached\r\n")
            for client in clients:
                self.assertEqual(client.call("PING"), "PONG")
            clients[0].close()

            def accepted():
                with server.connect() as again:
                    try:
                        return again.call("PING") == "PONG"
                    except Exception:  # still counted, or closed under our hands
                        return False
            wait_until(accepted, what="a place for the next client")

    def test_bulk_bytes(self):
        limit = 2 * 1024 * 1024
        with Duet(f"--proto-max-bulk-len={limit}") as server:
            with server.connect() as client:
                self.assertEqual(client.call("SET", "k", b"x" * limit), "OK")
                self.assertEqual(client.call("STRLEN", "k"), limit)
                self.assertEqual(client.raw("APPEND", "k", "x"),
                                 b"-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n")
            with server.connect() as client:
                client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % (limit + 1))
                self.assertEqual(client.read_until_closed(),
                                 b"-ERR Protocol error: invalid bulk length\r\n")

    def test_request_bytes(self):
        limit = 4 * 1024 * 1024
        with Duet(f"--max-request-bytes={limit}") as server:
            with server.connect() as client:
                value = b"x" * (limit // 8)
                self.assertEqual(client.call("MSET", *[w for i in range(6) for w in (f"k{i}", value)]),
                                 "OK")
            with server.connect() as client:
                frame = encode("MSET", *[w for i in range(10) for w in (f"k{i}", value)])
                with contextlib.suppress(ConnectionError):
                    client.send(frame)
                self.assertNotIn(b"+OK", client.read_until_closed())
            with server.connect() as client:
                self.assertEqual(client.call("PING"), "PONG")


if __name__ == "__main__":
    unittest.main(verbosity=2)
