#!/usr/bin/python3
"""Spans, as a collector gets them: of gRPC calls whose callers trace them, and of RESP commands."""
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

from collector import Collector, otlp
from harness import ROOT, SLOWDOWN, Duet, RespError, free_port, http_get, wait_until

SECRET = "kept-out-of-every-span"
KEY = "a-key-that-nobody-sees"
VALUE = "a-value-that-nobody-sees"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SERVER = 2  # SPAN_KIND_SERVER

_directory = tempfile.TemporaryDirectory()
subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={_directory.name}",
                f"--grpc_python_out={_directory.name}",
                "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                *(ROOT / "proto").glob("duet/v1/*.proto")], check=True)
sys.path.insert(0, _directory.name)
from duet.v1 import key_value_service_pb2 as kv  # noqa: E402
from duet.v1 import key_value_service_pb2_grpc as kv_grpc  # noqa: E402


def traced(flags="01", *more):
    return [("traceparent", f"00-{TRACE}-{PARENT}-{flags}"), *more]


def figures(server):
    """{state: count} of duet_trace_spans_total."""
    text = http_get(server.admin, "/metrics")[2].decode()
    return {line.split('"')[1]: float(line.split()[-1]) for line in text.splitlines()
            if line.startswith("duet_trace_spans_total{")}


class Tracing(unittest.TestCase):
    """A server that exports to a collector of the test's own."""

    flags = ()

    def setUp(self):
        self.collector = self.enterContext(Collector())
        self.server = self.enterContext(Duet(f"--otlp-endpoint={self.collector.address}",
                                             "--otlp-interval=20ms", "--log-format=json",
                                             *self.flags))
        channel = grpc.insecure_channel("%s:%d" % self.server.grpc)
        self.addCleanup(channel.close)
        self.stub = kv_grpc.KeyValueServiceStub(channel)

    def connect(self):
        return self.enterContext(self.server.connect())


class OfCallers(Tracing):
    """Only what a caller traces has a span."""

    def test_a_call_is_a_child_of_its_callers_span(self):
        before = time.time_ns()
        self.stub.Set(kv.SetRequest(key=KEY.encode(), value=VALUE.encode(), database=3),
                      metadata=traced("01", ("tracestate", "vendor=1"), ("tracestate", "other=2")))
        span = self.collector.wait_for("duet.v1.KeyValueService/Set")
        self.assertEqual((span.trace_id, span.parent_id), (TRACE, PARENT))
        self.assertNotIn(span.span_id, ("", "0" * 16, PARENT))
        self.assertEqual(span.trace_state, "vendor=1,other=2")
        self.assertEqual((span.kind, span.flags, span.failed), (SERVER, 0x301, False))
        self.assertLess(before - 2_000_000, span.start_ns)
        self.assertLess(span.start_ns, span.end_ns)
        self.assertLess(span.end_ns, time.time_ns() + 2_000_000)
        port = span.attributes.pop("client.port")
        self.assertGreater(port, 0)
        self.assertEqual(span.attributes, {
            "rpc.system": "grpc", "rpc.service": "duet.v1.KeyValueService", "rpc.method": "Set",
            "rpc.grpc.status_code": 0, "server.port": self.server.grpc[1],
            "client.address": "127.0.0.1", "db.system.name": "redis", "db.operation.name": "SET",
            "db.namespace": "3"})
        self.assertEqual(span.resource["service.name"], "duet")
        self.assertRegex(span.resource["service.version"], r"^\d+\.\d+\.\d+$")
        self.assertRegex(span.resource["service.instance.id"], r"^[0-9a-f]{40}$")

    def test_only_what_its_caller_samples(self):
        self.stub.Get(kv.GetRequest(key=b"k"))
        self.stub.Get(kv.GetRequest(key=b"k"), metadata=traced("00"))
        for malformed in ("", "00-" + TRACE + "-" + PARENT, traced("01")[0][1].upper(),
                          f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01"):
            self.stub.Get(kv.GetRequest(key=b"k"), metadata=[("traceparent", malformed)])
        self.stub.Get(kv.GetRequest(key=b"k"), metadata=traced() + traced())  # which one?
        self.connect().call("PING")
        self.stub.Delete(kv.DeleteRequest(keys=[b"k"]), metadata=traced())
        self.collector.wait_for("duet.v1.KeyValueService/Delete")
        self.assertEqual(len(self.collector.spans), 1)

    def test_a_malformed_state_goes_and_the_parent_stays(self):
        self.stub.Get(kv.GetRequest(key=b"k"), metadata=traced("01", ("tracestate", "a=1,B=2")))
        span = self.collector.wait_for("duet.v1.KeyValueService/Get")
        self.assertEqual((span.parent_id, span.trace_state), (PARENT, ""))

    def test_a_failure(self):
        with self.assertRaises(grpc.RpcError) as refused:
            self.stub.Execute(kv.ExecuteRequest(args=[b"NONSENSE", VALUE.encode()]),
                              metadata=traced())
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        span = self.collector.wait_for("duet.v1.KeyValueService/Execute")
        self.assertEqual((span.failed, span.attributes["rpc.grpc.status_code"]), (True, 12))
        # The caller's own mistake is not the server's failure.
        with self.assertRaises(grpc.RpcError):
            self.stub.Get(kv.GetRequest(key=b"k", database=99), metadata=traced())
        span = self.collector.wait_for("duet.v1.KeyValueService/Get")
        self.assertEqual((span.failed, span.attributes["rpc.grpc.status_code"]), (False, 3))

    def test_a_pipeline_has_a_span_a_batch(self):
        def requests():
            for count in (3, 1):
                yield kv.PipelineRequest(id=count, commands=[
                    kv.Command(args=[b"SET", KEY.encode(), VALUE.encode()])] * count)
        self.assertEqual(len(list(self.stub.Pipeline(requests(), metadata=traced()))), 2)
        name = "duet.v1.KeyValueService/Pipeline"
        self.collector.wait_for(name, 2)
        batch, single = self.collector.named(name)
        self.assertEqual({batch.parent_id, single.parent_id}, {PARENT})
        self.assertNotEqual(batch.span_id, single.span_id)
        self.assertEqual(batch.attributes["db.operation.batch.size"], 3)
        self.assertNotIn("db.operation.batch.size", single.attributes)
        self.assertEqual(single.attributes["db.operation.name"], "SET")

    def test_a_slow_command_names_its_trace(self):
        self.connect().call("CONFIG", "SET", "slowlog-log-slower-than", "0")
        self.stub.Get(kv.GetRequest(key=b"k"), metadata=traced())
        wait_until(lambda: f'"trace_id":"{TRACE}"' in self.server.output(), what="the log line")


class OfRoots(Tracing):
    """Every request has a span."""

    flags = ("--trace-sample-ratio=1", "--requirepass=" + SECRET, "--otlp-service-name=shop-cache")

    def test_a_command(self):
        client = self.connect()
        client.call("AUTH", SECRET)
        client.call("SELECT", "5")
        client.call("SET", KEY, VALUE)
        span = self.collector.wait_for("SET")
        self.assertEqual((span.kind, span.parent_id, span.failed), (SERVER, "", False))
        self.assertRegex(span.trace_id, "^[0-9a-f]{32}$")
        self.assertNotEqual(int(span.trace_id, 16), 0)
        self.assertEqual(span.resource["service.name"], "shop-cache")
        address, port = client.socket.getsockname()
        self.assertEqual(span.attributes, {
            "db.system.name": "redis", "db.operation.name": "SET", "db.namespace": "5",
            "server.address": self.server.resp[0], "server.port": self.server.resp[1],
            "client.address": address, "client.port": port})
        self.assertEqual(self.collector.named("AUTH")[0].attributes["db.operation.name"], "AUTH")

    def test_nothing_of_the_user_is_sent(self):
        client = self.connect()
        client.call("AUTH", SECRET)
        client.call("SET", KEY, VALUE)
        client.call("CONFIG", "SET", "requirepass", SECRET)
        for argv in (["NONSENSE", KEY], ["GET", KEY, VALUE], ["LPOP", KEY], ["INCR", KEY],
                     ["EXPIRE", KEY, VALUE], [VALUE]):
            with self.assertRaises(RespError):
                client.call(*argv)
        with self.assertRaises(grpc.RpcError):
            self.stub.Get(kv.GetRequest(key=KEY.encode()),
                          metadata=[("authorization", "Bearer " + VALUE)])
        self.stub.Get(kv.GetRequest(key=KEY.encode()),
                      metadata=[("authorization", "Bearer " + SECRET)])
        client.call("ECHO", VALUE)
        self.collector.wait_for("ECHO")
        self.collector.wait_for("duet.v1.KeyValueService/Get", 2)
        sent = b"".join(self.collector.requests)
        for text in (SECRET, KEY, VALUE):
            self.assertNotIn(text.encode(), sent)

    def test_errors(self):
        client = self.connect()
        with self.assertRaises(RespError):
            client.call("GET", KEY)
        refused = self.collector.wait_for("GET")
        self.assertEqual((refused.failed, refused.attributes["db.response.status_code"]),
                         (True, "NOAUTH"))
        client.call("AUTH", SECRET)
        client.call("SET", KEY, VALUE)
        with self.assertRaises(RespError):
            client.call("INCR", KEY)
        failed = self.collector.wait_for("INCR")
        self.assertEqual((failed.failed, failed.attributes["error.type"]), (True, "ERR"))
        with self.assertRaises(RespError):
            client.call("NONSENSE")
        self.assertTrue(self.collector.wait_for("unknown").failed)

    def test_a_transaction_is_one_span(self):
        client = self.connect()
        client.call("AUTH", SECRET)
        client.call("MULTI")
        client.call("SET", KEY, VALUE)
        client.call("EXEC")
        client.call("PING")
        self.collector.wait_for("PING")
        self.assertEqual([span.name for span in self.collector.spans],
                         ["AUTH", "MULTI", "EXEC", "PING"])

    def test_redis_cli(self):
        subprocess.run(["redis-cli", "-h", self.server.resp[0], "-p", str(self.server.resp[1]),
                        "--no-auth-warning", "-a", SECRET, "SET", KEY, VALUE], check=True,
                       stdout=subprocess.DEVNULL)
        self.collector.wait_for("SET")

    def test_the_ratio_changes_while_it_runs(self):
        client = self.connect()
        client.call("AUTH", SECRET)
        client.call("CONFIG", "SET", "trace-sample-ratio", "0")
        self.collector.wait_for("AUTH")
        self.assertEqual(client.call("CONFIG", "GET", "trace-sample-ratio"),
                         [b"trace-sample-ratio", b"0"])
        client.call("PING")
        with self.assertRaises(RespError):
            client.call("CONFIG", "SET", "trace-sample-ratio", "1.5")
        client.call("CONFIG", "SET", "trace-sample-ratio", "1")
        client.call("ECHO", "x")
        self.collector.wait_for("ECHO")
        self.assertEqual(self.collector.named("PING"), [])
        self.assertEqual(self.server.stop(), 0)

    def test_the_end_sends_what_waits(self):
        client = self.connect()
        client.call("AUTH", SECRET)
        for _ in range(700):  # more than a batch
            client.call("ECHO", "x")
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(len(self.collector.named("ECHO")), 700)


class OfSome(Tracing):
    flags = ("--trace-sample-ratio=0.1",)

    def test_a_share(self):
        client = self.connect()
        for _ in range(5000):
            client.call("PING")
        self.assertEqual(self.server.stop(), 0)
        self.assertTrue(350 < len(self.collector.named("PING")) < 650)


class Trouble(unittest.TestCase):
    """A collector that is not there, or does not want to be, costs spans and nothing else."""

    def serve(self, endpoint, *flags):
        return self.enterContext(Duet(f"--otlp-endpoint={endpoint}", "--otlp-interval=20ms",
                                      "--trace-sample-ratio=1", *flags))

    def use(self, server, count=300):
        with server.connect() as client:
            for i in range(count):
                self.assertEqual(client.call("SET", KEY, i), "OK")

    def stop_in(self, server, seconds):
        begin = time.monotonic()
        self.assertEqual(server.stop(signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - begin, seconds * SLOWDOWN)

    def test_no_collector(self):
        server = self.serve(f"127.0.0.1:{free_port()}", "--otlp-queue-spans=100")
        self.use(server)
        wait_until(lambda: figures(server)["dropped"] > 0, what="dropped spans")
        self.assertEqual(figures(server)["exported"], 0)
        self.assertEqual(http_get(server.admin, "/readyz")[0], 200)
        self.stop_in(server, 3)

    def test_a_collector_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            server = self.serve("127.0.0.1:%d" % silent.getsockname()[1], "--drain-timeout=1s")
            self.use(server)
            self.stop_in(server, 4)

    def test_a_collector_that_comes_later(self):
        port = free_port()
        server = self.serve(f"127.0.0.1:{port}")
        self.use(server, 10)
        with Collector(port) as collector:
            collector.wait_for("SET", 10)
            self.assertEqual(len(collector.named("SET")), 10)
            wait_until(lambda: figures(server) == {"exported": 10, "failed": 0, "dropped": 0})
            self.stop_in(server, 5)

    def test_a_collector_that_is_busy_is_asked_again(self):
        busy = [grpc.StatusCode.UNAVAILABLE]

        def answer(_):
            if busy:
                raise Collector.Refusal(busy.pop())
            return otlp.ExportTraceServiceResponse()
        with Collector(answer=answer) as collector:
            server = self.serve(collector.address)
            self.use(server, 10)
            collector.wait_for("SET", 10)
            wait_until(lambda: figures(server)["exported"] == 10)
            self.assertEqual(figures(server)["failed"], 0)

    def test_a_collector_that_refuses(self):
        def answer(_):
            raise Collector.Refusal(grpc.StatusCode.INVALID_ARGUMENT)
        with Collector(answer=answer) as collector:
            server = self.serve(collector.address)
            self.use(server, 10)
            wait_until(lambda: figures(server)["failed"] == 10)
            wait_until(lambda: "did not take spans" in server.output(), what="the log line")

    def test_a_collector_that_takes_some(self):
        def answer(_):
            response = otlp.ExportTraceServiceResponse()
            response.partial_success.rejected_spans = 1
            response.partial_success.error_message = "one is too old"
            return response
        with Collector(answer=answer) as collector:
            server = self.serve(collector.address)
            self.use(server, 10)
            wait_until(lambda: sum(figures(server).values()) == 10)
            self.assertEqual(figures(server)["failed"], len(collector.requests))
            wait_until(lambda: "one is too old" in server.output(), what="the log line")

    def test_many_clients_at_once(self):
        with Collector() as collector:
            server = self.serve(collector.address, "--threads=2", "--otlp-queue-spans=1000000")
            threads = [threading.Thread(target=self.use, args=(server, 500)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(len({span.span_id for span in collector.named("SET")}), 4000)
            self.assertEqual(len({span.trace_id for span in collector.named("SET")}), 4000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
