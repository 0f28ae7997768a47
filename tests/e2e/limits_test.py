#!/usr/bin/env python3
"""Limits of the running server, at n and at n + 1."""
import contextlib
import os
import re
import resource
import socket
import unittest

import grpc

import http2
from harness import Duet, encode, http_get, wait_until
from reflection import LIST_SERVICES, ReflectionStream

UNLIMITED = [("grpc.max_send_message_length", -1)]


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

    def test_reply_of_one_command(self):
        value, times = b"x" * (1 << 20), 4000  # 4 GB
        with Duet("--max-output-bytes=32mb", "--grpc-max-message-bytes=32mb") as server:
            with server.connect() as client:
                self.assertEqual(client.call("SET", "k", value), "OK")
                client.send(encode("MGET", *["k"] * times))
                self.assertEqual(client.read_until_closed(), b"")
            with grpc.insecure_channel("%s:%d" % server.grpc) as channel:
                execute = channel.unary_unary("/duet.v1.KeyValueService/Execute")
                with self.assertRaises(grpc.RpcError) as refused:
                    execute(b"\x0a\x04MGET" + b"\x0a\x01k" * times)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
            self.assertLess(server.peak_rss_bytes(), 512 << 20)

    def test_memory_of_grpc(self):
        request = b"\x12" + b"\x80\x80\x80\x32" + b"x" * (100 << 20)  # SetRequest.value
        with Duet("--grpc-max-memory-bytes=32mb", "--requirepass=secret") as server:
            with grpc.insecure_channel("%s:%d" % server.grpc, options=UNLIMITED) as channel:
                call = channel.unary_unary("/duet.v1.KeyValueService/Set")
                for refused in [call.future(request) for _ in range(4)]:
                    self.assertEqual(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                with self.assertRaises(grpc.RpcError) as refused:
                    call(b"")
                self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            self.assertLess(server.peak_rss_bytes(), 256 << 20)

    def test_grpc_goes_on_when_descriptors_were_short(self):
        with Duet() as server, contextlib.ExitStack() as stack:
            def get():
                with grpc.insecure_channel("%s:%d" % server.grpc) as channel:
                    channel.unary_unary("/duet.v1.KeyValueService/Get")(b"\x0a\x01k", timeout=60)
            get()
            most = len(os.listdir(f"/proc/{server.pid}/fd")) + 20
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, most))
            crowd = [stack.enter_context(socket.create_connection(server.grpc)) for _ in range(60)]
            wait_until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) == most,
                       what="no descriptor left")
            for connection in crowd:
                connection.close()
            get()

    def test_reflection_streams(self):
        limit = 128
        with Duet("--requirepass=secret") as server, contextlib.ExitStack() as stack:
            channel = stack.enter_context(grpc.insecure_channel("%s:%d" % server.grpc))

            def answer(version):
                stream = stack.enter_context(ReflectionStream(channel, version))
                return stream.ask(LIST_SERVICES)
            self.assertIn(b"duet.v1.KeyValueService", answer("v1"))
            threads = threads_of(server.pid)
            for i in range(1, limit):
                self.assertIn(b"duet.v1.KeyValueService", answer(("v1", "v1alpha")[i % 2]))
            self.assertLess(threads_of(server.pid), threads + 8)  # gRPC has some of its own
            for version in ("v1", "v1alpha"):
                with self.assertRaises(grpc.RpcError) as refused:
                    answer(version)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_strangers_who_do_not_read_hold_no_pipelines(self):
        # Each fills its socket with answers of reflection, which is open to all, and then asks for
        # streams that are refused: the refusals cannot be written. TCP_USER_TIMEOUT would
        # end such connections after 20 s.
        with Duet("--requirepass=secret") as server, contextlib.ExitStack() as stack:
            strangers = [stack.enter_context(http2.Connection(server.grpc, receive_bytes=4096))
                         for _ in range(9)]
            for stranger in strangers:
                stranger.open(1, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
                for _ in range(2000):  # whose answers are 10 MB
                    stranger.send_message(1, b"\x22\x17duet.v1.KeyValueService")
                stranger.flush()
            answered = []

            def sockets_are_full():
                answered.append(answers_of_reflection(server))
                return len(answered) > 5 and 0 < answered[-6] == answered[-1]
            wait_until(sockets_are_full, seconds=60, what="sockets that take no more")
            self.assertLess(answered[-1], 9 * 2000)
            for stranger in strangers:
                for i in range(1000):
                    stranger.open(3 + 2 * i, "/duet.v1.KeyValueService/Pipeline")
                stranger.flush()
            with grpc.insecure_channel("%s:%d" % server.grpc) as channel:
                pipeline = channel.stream_stream("/duet.v1.KeyValueService/Pipeline")
                for _ in range(3):
                    answers = pipeline(iter([b"\x12\x06\x0a\x04PING"]), timeout=10,
                                       metadata=[("authorization", "Bearer secret")])
                    self.assertIn(b"PONG", next(answers))


def answers_of_reflection(server):
    _, _, metrics = http_get(server.admin, "/metrics")
    return int(re.search(r'grpc_server_msg_sent_total{.*"grpc\.reflection\.v1\..*} (\d+)',
                         metrics.decode())[1])


def threads_of(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
