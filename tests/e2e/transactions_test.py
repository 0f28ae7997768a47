#!/usr/bin/env python3
"""Transactions over TCP: what other connections see of one, and what is left of one that is cut."""
import threading
import unittest

from harness import Duet, encode, wait_until


class Transactions(unittest.TestCase):
    def test_one_write_holds_it_all(self):
        with Duet() as server, server.connect() as client:
            client.send(b"".join(encode(*words) for words in (
                ("WATCH", "k"), ("MULTI",), ("SET", "k", "1"), ("INCR", "k"), ("EXEC",), ("GET", "k"))))
            replies = [client.read() for _ in range(6)]
            self.assertEqual(replies, ["OK", "OK", "QUEUED", "QUEUED", ["OK", 2], b"2"])

    def test_nobody_sees_half_of_one(self):
        transfers = 500
        with Duet("--threads=2") as server:
            stop = threading.Event()
            failures = []

            def transfer():
                with server.connect() as client:
                    for _ in range(transfers):
                        client.send(encode("MULTI") + encode("DECRBY", "a", "1") +
                                    encode("INCRBY", "b", "1") + encode("EXEC"))
                        if len([client.read() for _ in range(4)][3]) != 2:
                            failures.append("EXEC")

            def look():
                with server.connect() as client:
                    while not stop.is_set():
                        a, b = client.call("MGET", "a", "b")
                        if int(a) + int(b) != 0:
                            failures.append((a, b))

            with server.connect() as client:
                client.call("MSET", "a", "0", "b", "0")
                workers = [threading.Thread(target=transfer) for _ in range(3)]
                watcher = threading.Thread(target=look)
                for thread in (*workers, watcher):
                    thread.start()
                for thread in workers:
                    thread.join()
                stop.set()
                watcher.join()
                self.assertEqual(failures, [])
                self.assertEqual(client.call("GET", "b"), b"%d" % (3 * transfers))

    def test_a_client_that_goes_in_the_midst_leaves_nothing(self):
        with Duet() as server, server.connect() as client:
            with server.connect() as gone:
                gone.call("WATCH", "k")
                gone.call("MULTI")
                gone.call("SET", "k", "1")
            wait_until(lambda: b"connected_clients:1\r" in client.call("INFO", "clients"),
                       what="the connection's end")
            self.assertIsNone(client.call("GET", "k"))
            self.assertEqual(client.call("SET", "k", "2"), "OK")

    def test_quit_inside(self):
        with Duet() as server, server.connect() as client:
            client.send(encode("MULTI") + encode("SET", "k", "1") + encode("QUIT") + encode("EXEC"))
            self.assertEqual(client.read_until_closed(), b"+OK\r\n+QUEUED\r\n+OK\r\n")

    def test_what_one_may_hold(self):
        limit = 100_000
        with Duet(f"--max-request-bytes={limit}") as server, server.connect() as client:
            client.call("MULTI")
            value = b"x" * 10_000
            replies = []
            while not replies or replies[-1] == b"+QUEUED\r\n":
                replies.append(client.raw("SET", "k", value))
            self.assertEqual(len(replies), 10)
            self.assertRegex(replies[-1], rb"^-ERR transaction is \d+ bytes; at most 100000 are allowed")
            self.assertEqual(client.raw("EXEC"),
                             b"-EXECABORT Transaction discarded because of previous errors.\r\n")
            self.assertIsNone(client.call("GET", "k"))


if __name__ == "__main__":
    unittest.main()
