"""An OpenTelemetry collector for tests: takes spans over OTLP/gRPC and keeps them.

    with Collector() as collector:
        with Duet("--otlp-endpoint=" + collector.address) as server:
            ...
            span = collector.wait_for("GET")

Its messages are generated from our own proto; what makes them OTLP is the path that it serves and
tests/otlp/span_encoding_test.cc, which looks at the bytes.
"""
import concurrent.futures
import subprocess
import sys
import tempfile
import threading

import grpc

from harness import ROOT, wait_until

SERVICE = "opentelemetry/proto/collector/trace/v1/trace_service"


def _generate(directory):
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={directory}",
                    f"{SERVICE}.proto"], check=True, cwd=ROOT / "proto")
    sys.path.insert(0, directory)
    # A folder without __init__.py is a package of its own; the generated names are long enough.
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    return trace_service_pb2


with tempfile.TemporaryDirectory() as _directory:
    otlp = _generate(_directory)


class Span:
    """A span as tests look at it: ids in hex, attributes as a dict."""

    def __init__(self, resource, span):
        self.resource = {item.key: item.value.string_value for item in resource.attributes}
        self.name = span.name
        self.kind = span.kind
        self.trace_id = span.trace_id.hex()
        self.span_id = span.span_id.hex()
        self.parent_id = span.parent_span_id.hex()
        self.trace_state = span.trace_state
        self.flags = span.flags
        self.start_ns = span.start_time_unix_nano
        self.end_ns = span.end_time_unix_nano
        self.failed = span.status.code == otlp.Status.STATUS_CODE_ERROR
        self.attributes = {item.key: getattr(item.value, item.value.WhichOneof("value"))
                           for item in span.attributes}


class Collector(grpc.GenericRpcHandler):
    """Listens on a free port. `answer` is called with each request before its spans are kept: it may
    raise (Collector.Refusal) or return a response."""

    class Refusal(Exception):
        def __init__(self, code):
            super().__init__(code)
            self.code = code

    def __init__(self, port=0, answer=None):
        self.answer = answer or (lambda request: otlp.ExportTraceServiceResponse())
        self.requests = []  # the bytes of each
        self._spans = []
        self._lock = threading.Lock()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), (self,),
                                   options=[("grpc.so_reuseport", 0)])
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"

    def service(self, call):
        if call.method != "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
            return None
        return grpc.unary_unary_rpc_method_handler(
            self._export, response_serializer=otlp.ExportTraceServiceResponse.SerializeToString)

    def _export(self, data, context):
        request = otlp.ExportTraceServiceRequest.FromString(data)
        try:
            response = self.answer(request)
        except Collector.Refusal as refusal:
            context.abort(refusal.code, "the test says so")
        with self._lock:
            self.requests.append(data)
            self._spans += [Span(process.resource, span) for process in request.resource_spans
                            for scope in process.scope_spans for span in scope.spans]
        return response

    @property
    def spans(self):
        with self._lock:
            return list(self._spans)

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def wait_for(self, name, count=1):
        """The newest of at least `count` spans of that name."""
        wait_until(lambda: len(self.named(name)) >= count, what=f"{count} spans {name!r}")
        return self.named(name)[-1]

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(None).wait()
