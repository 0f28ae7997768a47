#!/usr/bin/env python3
"""gRPC's reflection, under both of its names."""
import signal
import unittest

import grpc

from harness import Duet
from reflection import LIST_SERVICES, ReflectionStream, file_of

DRAIN_SECONDS = 15
VERSIONS = ("v1", "v1alpha")
METHODS = {"duet.v1.KeyValueService": b"BatchDelete", "grpc.health.v1.Health": b"Watch",
           "grpc.reflection.v1.ServerReflection": b"ServerReflectionInfo",
           "grpc.reflection.v1alpha.ServerReflection": b"ServerReflectionInfo"}


class Reflection(unittest.TestCase):
    def test_lists_and_describes_the_services(self):
        # Of the program: one that is linked with a test would have more than it.
        with Duet("--requirepass=secret") as server, \
                grpc.insecure_channel("%s:%d" % server.grpc) as channel:
            for version in VERSIONS:
                with ReflectionStream(channel, version) as stream:
                    listed = stream.ask(LIST_SERVICES)
                    for service, method in METHODS.items():
                        with self.subTest(version=version, service=service):
                            self.assertIn(service.encode(), listed)
                            self.assertIn(method, stream.ask(file_of(service)))
                    self.assertNotIn(b"ServerReflectionInfo", stream.ask(file_of("none")))

    def test_a_stream_does_not_hold_a_drain(self):
        for version in VERSIONS:
            with self.subTest(version=version), Duet("--drain-timeout=10m") as server, \
                    grpc.insecure_channel("%s:%d" % server.grpc) as channel, \
                    ReflectionStream(channel, version) as stream:
                self.assertIn(b"duet.v1.KeyValueService", stream.ask(LIST_SERVICES))
                self.assertEqual(server.stop(signal.SIGTERM, DRAIN_SECONDS), 0)
                with self.assertRaises(grpc.RpcError) as end:
                    stream.ask(LIST_SERVICES)
                self.assertEqual(end.exception.code(), grpc.StatusCode.UNAVAILABLE)
                self.assertEqual(end.exception.details(), "the server is shutting down")


if __name__ == "__main__":
    unittest.main(verbosity=2)
