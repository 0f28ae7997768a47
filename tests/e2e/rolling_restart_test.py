#!/usr/bin/env python3
"""Two servers behind a balancer are replaced one after the other while clients count up a number.

Each server counts from a number of its own, so that a reply tells which server has counted, and
the replies of all clients tell what was lost: a number that nobody got was counted without being
acknowledged, and one that two got was acknowledged without being counted."""
import collections
import signal
import socket
import sys
import tempfile
import threading
import time
import unittest

import grpc

from balancer import Balancer
from grpc_python_smoke import generate
from harness import SLOWDOWN, Duet, RespClient

CLIENTS = 4
ROUNDS = 2  # each replaces both servers
SPACING = 1_000_000_000  # between the numbers of two servers
MOST_ATTEMPTS = 5
# gRPC's core answers a call that meets a server's shutdown, and was never executed, with CANCELLED
# where UNAVAILABLE is meant (https://github.com/grpc/grpc/issues/41785).
RETRIED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
DRAIN = ("--drain-delay=400ms", "--drain-timeout=10s")


class RespCounter:
    """A client that connects anew when its connection was closed."""

    def __init__(self, address):
        self._address = address
        self._client = None

    def count(self):
        if self._client is None:
            self._client = RespClient(socket.create_connection(self._address, 20 * SLOWDOWN))
        try:
            return self._client.call("INCR", "count")
        except OSError:
            self.close()
            raise

    def close(self):
        if self._client is not None:
            self._client.close()
        self._client = None


class GrpcCounter:
    """A client whose channel connects anew by itself. The calls are retried by the test."""

    def __init__(self, address):
        from duet.v1 import key_value_service_pb2 as messages
        from duet.v1 import key_value_service_pb2_grpc as services
        self._channel = grpc.insecure_channel(
            "%s:%d" % address, options=[("grpc.initial_reconnect_backoff_ms", 50),
                                        ("grpc.max_reconnect_backoff_ms", 100),
                                        ("grpc.enable_retries", 0),
                                        ("grpc.use_local_subchannel_pool", 1)])
        self._request = messages.IncrementRequest(key=b"count", integer=1)
        self._stub = services.KeyValueServiceStub(self._channel)

    def count(self):
        try:
            return self._stub.Increment(self._request, timeout=20 * SLOWDOWN).integer
        except grpc.RpcError as error:
            if error.code() not in RETRIED:
                raise
            raise ConnectionError(error.details()) from error

    def close(self):
        self._channel.close()


class Load:
    """Clients that count until they are told to stop."""

    def __init__(self, make_client):
        self.replies = []
        self.attempts = collections.Counter()
        self.failures = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(make_client,))
                         for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, make_client):
        client = make_client()
        try:
            while not self._stop.is_set():
                self._count(client)
        except Exception as error:  # pylint: disable=broad-except # the test fails with it
            self.failures.append(repr(error))
        finally:
            client.close()

    def _count(self, client):
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                self.replies.append(client.count())
                self.attempts[attempt] += 1
                return
            except OSError as error:
                last = error
                time.sleep(0.05 * attempt)
        self.failures.append(f"failed {MOST_ATTEMPTS} times: {last!r}")


class RollingRestart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        generate(directory)
        cls.addClassCleanup(sys.path.remove, directory)

    def start(self, balancer):
        server = Duet(*DRAIN)
        self.addCleanup(lambda: server.alive() and server.stop(signal.SIGKILL))
        self.started += 1
        with server.connect() as client:
            client.call("SET", "count", self.started * SPACING)
        balancer.add(server)
        return server

    def replace_all(self, door, make_client):
        self.started = 0
        with Balancer(door) as balancer:
            servers = [self.start(balancer) for _ in range(2)]
            with Load(lambda: make_client(balancer.address)) as load:
                for _ in range(ROUNDS):
                    servers = [self.replace(balancer, server, load) for server in servers]
                seen = len(load.replies)
                while len(load.replies) < seen + 100 and not load.failures:
                    time.sleep(0.01)
            for server in servers:
                self.assertEqual(server.stop(), 0, server.output())
        return load

    def replace(self, balancer, server, load):
        fresh = self.start(balancer)
        seen = len(load.replies)
        while len(load.replies) < seen + 100 and not load.failures:
            time.sleep(0.01)
        self.assertEqual(server.stop(signal.SIGTERM), 0, server.output())
        balancer.remove(server)
        return fresh

    def check(self, load):
        self.assertEqual(load.failures, [])
        by_server = collections.defaultdict(list)
        for reply in load.replies:
            by_server[reply // SPACING].append(reply % SPACING)
        self.assertEqual(len(load.replies), len(set(load.replies)), "acknowledged, not counted")
        for server, counts in by_server.items():
            self.assertEqual(len(counts), max(counts), f"counted by {server}, not acknowledged")
        # More than the two that were there at the beginning have served.
        self.assertGreater(len(by_server), 2)

    def test_resp(self):
        self.check(self.replace_all("resp", RespCounter))

    def test_grpc(self):
        self.check(self.replace_all("grpc", GrpcCounter))


if __name__ == "__main__":
    unittest.main(verbosity=2)
