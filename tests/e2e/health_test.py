#!/usr/bin/env python3
"""gRPC's health protocol, as clients see it that are generated from its .proto file."""
import signal
import subprocess
import sys
import tempfile
import unittest

import grpc

from harness import ROOT, SLOWDOWN, Duet

PROTO = ROOT / "proto"
CALL_SECONDS = 20 * SLOWDOWN


class Health(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={directory}",
                        f"--grpc_python_out={directory}",
                        "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                        PROTO / "grpc/health/v1/health.proto"], check=True)
        # Beside the `grpc` package that is installed, which has the same name.
        grpc.__path__.append(directory + "/grpc")
        sys.path.insert(0, directory)
        cls.addClassCleanup(sys.path.remove, directory)
        global pb, stubs
        from grpc.health.v1 import health_pb2 as pb
        from grpc.health.v1 import health_pb2_grpc as stubs

    def stub(self, server):
        channel = self.enterContext(grpc.insecure_channel("%s:%d" % server.grpc))
        return stubs.HealthStub(channel)

    def watch(self, stub, service):
        return stub.Watch(pb.HealthCheckRequest(service=service), timeout=CALL_SECONDS)

    def status(self, watch):
        return pb.HealthCheckResponse.ServingStatus.Name(next(watch).status)

    def test_check(self):
        server = self.enterContext(Duet())
        stub = self.stub(server)
        for service in ("", "readiness", "duet.v1.KeyValueService"):
            response = stub.Check(pb.HealthCheckRequest(service=service), timeout=CALL_SECONDS)
            self.assertEqual(response.status, pb.HealthCheckResponse.SERVING)
        with self.assertRaises(grpc.RpcError) as refusal:
            stub.Check(pb.HealthCheckRequest(service="nobody"), timeout=CALL_SECONDS)
        self.assertEqual(refusal.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_watch(self):
        server = self.enterContext(Duet("--requirepass=secret", "--drain-delay=500ms"))
        stub = self.stub(server)
        service, process, nobody = (self.watch(stub, name)
                                    for name in ("duet.v1.KeyValueService", "", "nobody"))
        self.assertEqual(self.status(service), "SERVING")
        self.assertEqual(self.status(process), "SERVING")
        self.assertEqual(self.status(nobody), "SERVICE_UNKNOWN")
        left = self.watch(stub, "readiness")
        self.assertEqual(self.status(left), "SERVING")
        left.cancel()

        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(service), "NOT_SERVING")  # before the drain's delay is over
        late = self.watch(stub, "readiness")
        self.assertEqual(self.status(late), "NOT_SERVING")
        self.assertEqual(self.status(process), "NOT_SERVING")
        for watch in (service, process, nobody, late):
            with self.assertRaises(grpc.RpcError) as end:
                next(watch)
            self.assertEqual(end.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(end.exception.details(), "the server is shutting down")
        self.assertEqual(server.stop(with_signal=None), 0)

    def test_a_drain_does_not_wait_for_watches(self):
        with Duet("--drain-timeout=60s") as server:
            watch = self.watch(self.stub(server), "")
            self.assertEqual(self.status(watch), "SERVING")
            self.assertEqual(server.stop(), 0)  # within 20 s


if __name__ == "__main__":
    unittest.main(verbosity=2)
