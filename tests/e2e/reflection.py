"""gRPC's reflection, as a client sees it that has no generated code."""
import queue

import grpc

# ServerReflectionRequest by its wire format: list_services, file_containing_symbol.
LIST_SERVICES = b"\x3a\x00"


def file_of(symbol):
    return b"\x22" + bytes([len(symbol)]) + symbol.encode()


class ReflectionStream:
    """A stream; leaving the context ends the client's side of it."""

    def __init__(self, channel, version="v1"):
        self.requests = queue.SimpleQueue()
        self.call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")(
                iter(self.requests.get, None))

    def ask(self, request):
        """The answer's bytes, or a grpc.RpcError."""
        self.requests.put(request)
        return next(self.call)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.requests.put(None)
