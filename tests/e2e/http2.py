"""HTTP/2 by hand, for what no gRPC client does. Source: RFC 9113, RFC 7541."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
END_HEADERS = 4
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header field without indexing; name and value are shorter than 127 bytes."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


class Connection:
    """A gRPC client that never reads, and lets the server send as much as it likes. Sends in pieces:
    flush() sends the last."""

    def __init__(self, address, receive_bytes):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(address)
        self._out = bytearray(PREFACE)
        self._out += frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0x7fffffff))
        self._out += frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7fff0000))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def open(self, stream, path):
        fields = ((b":method", b"POST"), (b":scheme", b"http"), (b":path", path.encode()),
                  (b":authority", b"test"), (b"content-type", b"application/grpc"),
                  (b"te", b"trailers"))
        self._send(frame(HEADERS, END_HEADERS, stream, b"".join(literal(*f) for f in fields)))

    def send_message(self, stream, message):
        self._send(frame(DATA, 0, stream, b"\0" + struct.pack(">I", len(message)) + message))

    def flush(self):
        self.socket.sendall(self._out)
        self._out.clear()

    def _send(self, data):
        self._out += data
        if len(self._out) > 2000:
            self.flush()
