#!/usr/bin/env python3
"""CONFIG SET requirepass while clients are connected, beside redis-server and over gRPC."""
import socket
import threading
import unittest

import grpc

from harness import Duet, Redis, RespClient, encode, free_port

SECRET = "kept-out-of-every-log"
GET = "/duet.v1.KeyValueService/Get"


class AsRedis(unittest.TestCase):
    """The same steps on both servers must get the same replies, byte for byte."""

    def setUp(self):
        self.servers = [self.enterContext(Duet()), self.enterContext(Redis(port=free_port()))]

    def connect(self):
        return [self.enterContext(server.connect()) for server in self.servers]

    def same(self, clients, *command):
        ours, theirs = [client.raw(*command) for client in clients]
        # HELLO tells version and id, and the long line that refuses it has changed since 7.0.
        shown = 40 if command[0] == "HELLO" else None
        self.assertEqual(ours[:shown], theirs[:shown], command)
        return ours

    def test_a_password_comes_changes_and_goes(self):
        early = self.connect()
        self.same(early, "CONFIG", "GET", "requirepass")
        self.same(early, "CONFIG", "SET", "requirepass", "first")
        self.same(early, "CONFIG", "GET", "requirepass")
        self.assertEqual(self.same(early, "PING"), b"+PONG\r\n")  # who is in stays in

        late = self.connect()
        self.assertEqual(self.same(late, "PING"), b"-NOAUTH Authentication required.\r\n")
        self.same(late, "AUTH", "wrong")
        self.same(late, "HELLO", "3", "AUTH", "default", "wrong")
        self.same(late, "HELLO", "3")
        self.assertEqual(self.same(late, "AUTH", "first"), b"+OK\r\n")

        self.same(late, "CONFIG", "SET", "requirepass", "second")
        self.assertEqual(self.same(late, "PING"), b"+PONG\r\n")
        self.same(late, "AUTH", "first")
        self.same(late, "AUTH", "default", "second")
        self.same(early, "RESET")
        self.assertEqual(self.same(early, "PING"), b"-NOAUTH Authentication required.\r\n")

        waiting = self.connect()
        self.same(waiting, "PING")
        self.same(late, "CONFIG", "SET", "requirepass", "")
        self.same(late, "CONFIG", "GET", "requirepass")
        self.assertEqual(self.same(waiting, "PING"), b"+PONG\r\n")
        self.same(waiting, "AUTH", "second")
        self.same(waiting, "HELLO", "3")  # which still wants it
        self.same(waiting, "SET", "k", "v" * 1_000_000)  # beyond what a stranger may send
        self.same(late, "CONFIG", "SET", "requirepass", "third")
        self.assertEqual(self.same(waiting, "PING"), b"-NOAUTH Authentication required.\r\n")

    def test_all_settings_or_none(self):
        clients = self.connect()
        self.same(clients, "CONFIG", "SET", "requirepass", "x", "timeout", "abc")
        self.same(clients, "CONFIG", "GET", "requirepass")
        self.same(self.connect(), "PING")


class Duets(unittest.TestCase):
    def test_grpc_asks_for_it_too(self):
        def get(password):
            metadata = [("authorization", f"Bearer {password}")] if password else []
            call = channel.unary_unary(GET)
            try:
                call(b"\x0a\x01k", metadata=metadata, timeout=10, wait_for_ready=True)
            except grpc.RpcError as error:
                return error.code().name
            return "OK"

        with Duet() as server, server.connect() as client, \
                grpc.insecure_channel("%s:%d" % server.grpc) as channel:
            self.assertEqual(get(""), "OK")
            client.call("CONFIG", "SET", "requirepass", SECRET)
            self.assertEqual([get(""), get("wrong"), get(SECRET)],
                             ["UNAUTHENTICATED", "UNAUTHENTICATED", "OK"])
            client.call("CONFIG", "SET", "requirepass", "")
            self.assertEqual(get(""), "OK")

    def test_it_is_not_logged(self):
        with Duet("--log-level=debug") as server, server.connect() as client:
            client.call("CONFIG", "SET", "requirepass", SECRET)
            client.raw("CONFIG", "SET", "requirepass", SECRET * 100)
            client.raw("CONFIG", "SET", "requirepass", SECRET, "nonsense", "1")
            client.raw("AUTH", SECRET + "x")
            client.raw("AUTH", SECRET)
            server.stop()
            self.assertNotIn(SECRET, server.output())

    def test_a_reset_inside_of_a_batch_that_waits_for_its_reader(self):
        # What follows a RESET is refused; what came before it must not be parsed by the limits of a
        # stranger when the rest of the batch is put aside, as it is where the socket is full.
        rounds = 100
        once = encode("AUTH", SECRET) + encode("INCR", "n") + encode("ECHO", "x" * 60_000) + \
            encode("RESET") + encode("PING") * 200
        answer = b"$60000\r\n" + b"x" * 60_000 + b"\r\n+RESET\r\n" + \
            b"-NOAUTH Authentication required.\r\n" * 200
        with Duet(f"--requirepass={SECRET}", "--max-output-bytes-unauthenticated=10mb") as server:
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(60)
            connection.connect(server.resp)
            with RespClient(connection) as client:
                sender = threading.Thread(target=client.send, args=(once * rounds,))
                sender.start()
                for i in range(1, rounds + 1):
                    replies = [client.read_raw() for _ in range(204)]
                    self.assertEqual(b"".join(replies), b"+OK\r\n:%d\r\n" % i + answer)
                sender.join()

    def test_the_replies_before_a_reset_have_the_limit_of_who_asked_for_them(self):
        with Duet(f"--requirepass={SECRET}") as server, server.connect() as client:
            client.call("AUTH", SECRET)
            pings = 530  # more than are parsed at once
            client.send(encode("ECHO", "x" * 2000) + encode("RESET") + encode("PING") * pings)
            self.assertEqual(client.read_raw(), b"$2000\r\n" + b"x" * 2000 + b"\r\n")
            self.assertEqual(client.read_raw(), b"+RESET\r\n")
            for _ in range(pings):
                self.assertEqual(client.read_raw(), b"-NOAUTH Authentication required.\r\n")

    def test_little_is_kept_of_a_stranger_whom_a_pause_holds(self):
        with Duet(f"--requirepass={SECRET}") as server, server.connect() as client, \
                server.connect() as stranger:
            client.call("AUTH", SECRET)
            client.call("CLIENT", "PAUSE", 5000)  # all commands, UNPAUSE too
            stranger.send(encode("AUTH", SECRET) + encode("PING") * 1000)
            with self.assertRaises(ConnectionError):
                stranger.send(b"x" * 100_000_000)
                stranger.read_raw()
            with server.connect() as other:
                other.send(encode("AUTH", SECRET) + encode("PING"))
                self.assertEqual((other.read(), other.read()), ("OK", "PONG"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
