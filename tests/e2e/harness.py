"""Starts servers for the end-to-end tests and talks to them. Standard library only.

    with Duet("--maxclients=10") as server:
        with server.connect() as client:
            assert client.call("SET", "k", "v") == "OK"

A server listens on free ports that it picks itself and says on start-up; it is stopped by its
process id. DUET_SERVER names the binary (default: build/bin/duet-server of this tree).
DUET_TEST_SLOWDOWN multiplies the time limits, for sanitizer builds.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DUET_SERVER", str(ROOT / "build/bin/duet-server"))
SLOWDOWN = float(os.environ.get("DUET_TEST_SLOWDOWN", "1"))
SANITIZED = bool(os.environ.get("DUET_SANITIZE"))  # memory is then the sanitizer's for the most part
DOORS = ("resp", "grpc", "admin")  # open, unless told otherwise
DOOR_LINE = re.compile(r"^(resp|resp-tls|grpc|grpc-tls|admin) (\[[^\]]+\]|[^\s:]+):(\d+)\s*$")


def environment(**more):
    """What a server shall see of ours: without the DUET_* of the tests, which it would refuse."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DUET_")} | more


def wait_until(condition, seconds=10.0, what="condition"):
    """Polls until `condition()` is true; returns its value."""
    end = time.monotonic() + seconds * SLOWDOWN
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds * SLOWDOWN:.0f} s")
        time.sleep(0.01)


class Process:
    """A server process: memory and CPU from /proc, stop by id, output kept for the failure."""

    def __init__(self, argv, variables=None):
        self.argv = argv
        self.lines = []
        self._lines_changed = threading.Condition()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment(**variables or {}))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._lines_changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._lines_changed.notify_all()
        with self._lines_changed:
            self._lines_changed.notify_all()

    def wait_for_lines(self, done, seconds=30.0):
        """Waits until `done(lines)` is true; fails when the process ends first."""
        end = time.monotonic() + seconds * SLOWDOWN
        with self._lines_changed:
            while not done(self.lines):
                if not self._reader.is_alive() or time.monotonic() > end:
                    raise AssertionError(f"{self.argv} did not start:\n" + self.output())
                self._lines_changed.wait(0.1)

    def output(self):
        return "\n".join(self.lines)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def stop(self, with_signal=signal.SIGTERM, seconds=20.0):
        """Sends the signal (None: it has been sent; a second one does not wait for the drain) and
        returns the exit code, negative where a signal killed the process."""
        if with_signal is not None and self.alive():
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(seconds * SLOWDOWN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            raise AssertionError(f"{self.argv} did not end in {seconds * SLOWDOWN:.0f} s:\n" +
                                 self.output()) from None
        self._reader.join()
        self.process.stdout.close()
        return code

    def rss_bytes(self):
        fields = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def peak_rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self):
        """User and system time of the whole process since it started."""
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if failure is not None:
            print("server's output:\n" + "\n".join(self.lines[-100:]), flush=True)
            self.stop(signal.SIGKILL)
            return
        code = self.stop()
        if code != 0:
            raise AssertionError(f"{self.argv} ended with {code}:\n{self.output()}")


class Duet(Process):
    """duet-server on free ports. Leaving the context checks that it ends cleanly with 0.

    `--tls-port=0` and `--grpc-tls-port=0` open further doors, `--grpc-port=off` and the like close
    them; `addresses` has those that are open.
    """

    _doors = frozenset(DOORS)  # whose lines are waited for

    def __init__(self, *flags, ports=True, variables=None):
        free = [f"--{door}-port=0" for door in DOORS] if ports else []
        super().__init__([BINARY, *free, *flags], variables)
        self.addresses = {}
        wanted = dict.fromkeys(DOORS, True)
        for name, door in (("tls", "resp-tls"), ("grpc-tls", "grpc-tls"), ("resp", "resp"),
                           ("grpc", "grpc"), ("admin", "admin")):
            for flag in flags:
                if flag.startswith(f"--{name}-port="):
                    wanted[door] = not flag.endswith("=off")
        self._doors = {door for door, is_open in wanted.items() if is_open}
        try:
            self.wait_for_lines(self._doors_open)
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    def _doors_open(self, lines):
        for line in lines:
            match = DOOR_LINE.match(line)
            if match:
                self.addresses.setdefault(match[1], (match[2].strip("[]"), int(match[3])))
        return self._doors <= set(self.addresses)

    @property
    def resp(self):
        return self.addresses["resp"]

    @property
    def grpc(self):
        return self.addresses["grpc"]

    @property
    def grpc_tls(self):
        return self.addresses["grpc-tls"]

    @property
    def resp_tls(self):
        return self.addresses["resp-tls"]

    @property
    def admin(self):
        return self.addresses["admin"]

    def connect(self, seconds=20.0):
        return RespClient(socket.create_connection(self.resp, seconds * SLOWDOWN))

    def connect_tls(self, context, seconds=20.0):
        """A client of the TLS door; `context` is an ssl.SSLContext. ssl.SSLError: no handshake."""
        connection = socket.create_connection(self.addresses["resp-tls"], seconds * SLOWDOWN)
        return RespClient(context.wrap_socket(connection, server_hostname="localhost"))


class Redis(Process):
    """Debian's redis-server: on a Unix socket, or on `port` of 127.0.0.1. Nothing is saved."""

    def __init__(self, *flags, port=0):
        self.directory = tempfile.mkdtemp(prefix="duet-redis-")
        self.path = os.path.join(self.directory, "redis.sock")
        self.port = port
        super().__init__(["redis-server", "--port", str(port), "--bind", "127.0.0.1",
                          "--unixsocket", self.path, "--dir", self.directory,
                          "--save", "", "--appendonly", "no", *flags])
        self.wait_for_lines(lambda lines: any("Ready to accept" in x or
                                              "ready to accept" in x for x in lines))

    def connect(self, seconds=20.0):
        if self.port:
            return RespClient(socket.create_connection(("127.0.0.1", self.port),
                                                       seconds * SLOWDOWN))
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(seconds * SLOWDOWN)
        connection.connect(self.path)
        return RespClient(connection)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)


def free_port():
    """A port that was free a moment ago; for what cannot pick one itself (redis-server)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def encode(*args):
    """One command as a RESP array of bulk strings."""
    out = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(out)


class RespError(Exception):
    """An error reply, when it was not asked for."""


class RespClient:
    """One connection. `raw` gives a reply's bytes, `call` its meaning; errors raise in `call`."""

    def __init__(self, connection):
        self.socket = connection
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def call(self, *args):
        self.send(encode(*args))
        return self.read()

    def raw(self, *args):
        self.send(encode(*args))
        return self.read_raw()

    def read(self):
        value = parse(self.read_raw())
        if isinstance(value, RespError):
            raise value
        return value

    def read_raw(self):
        """The next reply's bytes, whole."""
        while True:
            end = reply_end(self._buffer, 0)
            if end is not None:
                reply, self._buffer = self._buffer[:end], self._buffer[end:]
                return reply
            self._fill()

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("closed by the server; left over: %r" % self._buffer[:200])
        self._buffer += data

    def read_until_closed(self):
        """Everything until the server closes (or resets) the connection."""
        try:
            while True:
                self._fill()
        except ConnectionError:
            data, self._buffer = self._buffer, b""
            return data


def reply_end(data, at):
    """Where the reply that starts at `at` ends, or None while it is not whole. RESP2 and RESP3."""
    line_end = data.find(b"\r\n", at)
    if line_end < 0:
        return None
    kind, head, end = data[at:at + 1], data[at + 1:line_end], line_end + 2
    if kind in b"+-:_#,(":
        return end
    if kind in b"$=!":
        length = int(head)
        if length < 0:
            return end
        end += length + 2
        return end if end <= len(data) else None
    if kind in b"*~>%|":
        count = int(head) * (2 if kind in b"%|" else 1)
        if kind == b"|":
            count += 1  # attributes precede the reply that they belong to
        for _ in range(max(count, 0)):
            end = reply_end(data, end)
            if end is None:
                return None
        return end
    raise ValueError("not a reply: %r" % data[at:at + 80])


def parse(data):
    """A whole reply as Python values: str for simple, bytes for bulk, list, dict, set as list."""
    return _parse(data, 0)[0]


def _parse(data, at):
    line_end = data.index(b"\r\n", at)
    kind, head, at = data[at:at + 1], data[at + 1:line_end], line_end + 2
    if kind == b"+":
        return head.decode(), at
    if kind in b"-!":
        if kind == b"!":
            head, at = data[at:at + int(head)], at + int(head) + 2
        return RespError(head.decode()), at
    if kind in b":(":
        return int(head), at
    if kind == b",":
        return float(head), at
    if kind == b"#":
        return head == b"t", at
    if kind == b"_" or head == b"-1":
        return None, at
    if kind in b"$=":
        return data[at:at + int(head)], at + int(head) + 2
    items = []
    for _ in range(int(head) * (2 if kind in b"%|" else 1)):
        item, at = _parse(data, at)
        items.append(item)
    if kind == b"%":
        return dict(zip((x for x in items[::2]), items[1::2])), at
    return items, at


def http_get(address, path, seconds=10.0, accept="*/*"):
    """(status, headers, body) of a GET on the admin listener. ConnectionError: it closed instead."""
    with socket.create_connection(address, seconds * SLOWDOWN) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\n"
                           "Connection: close\r\n\r\n".encode())
        data = b""
        while True:
            chunk = connection.recv(1 << 16)
            if not chunk:
                break
            data += chunk
    if not data:
        raise ConnectionResetError(f"no answer to GET {path}: the connection was closed")
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip()
               for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body
