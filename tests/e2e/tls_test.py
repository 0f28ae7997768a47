#!/usr/bin/env python3
"""RESP over TLS, as clients and operators meet it: redis-cli, Python's ssl, bad peers and files."""
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import Certificates, fingerprint, openssl
from harness import BINARY, SLOWDOWN, Duet, RespClient, encode, environment, http_get, wait_until


def context(pki, identity=None):
    """What a client has that knows the authority, and shows `identity`."""
    made = ssl.create_default_context(cafile=pki.ca.cert)
    if identity:
        made.load_cert_chain(identity.cert, identity.key)
    return made


def metric(server, name):
    """A sample without labels, from /metrics."""
    lines = http_get(server.admin, "/metrics")[2].decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


class TlsTest(unittest.TestCase):
    def setUp(self):
        self.pki = self.enterContext(Certificates())

    def serve(self, *flags, auth_clients="no"):
        return self.enterContext(Duet("--tls-port=0", *self.pki.flags(auth_clients), *flags))

    def connect(self, server, identity=None):
        return self.enterContext(server.connect_tls(context(self.pki, identity)))


class Traffic(TlsTest):
    def test_redis_cli_speaks_it_beside_the_plain_door(self):
        server = self.serve(auth_clients="yes")
        host, port = server.addresses["resp-tls"]
        told = subprocess.run(
            ["redis-cli", "-h", host, "-p", str(port), "--tls", "--cacert", self.pki.ca.cert,
             "--cert", self.pki.client.cert, "--key", self.pki.client.key],
            input="SET greeting hello\nGET greeting\n", capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout, "OK\nhello\n")
        with server.connect() as plain:
            self.assertEqual(plain.call("GET", "greeting"), b"hello")

    def test_redis_benchmark_runs_with_pipelines_and_many_connections(self):
        server = self.serve("--threads=2")
        host, port = server.addresses["resp-tls"]
        told = subprocess.run(
            ["redis-benchmark", "-h", host, "-p", str(port), "--tls", "--cacert", self.pki.ca.cert,
             "-n", "20000", "-c", "20", "-P", "16", "-t", "set,get,mset", "--csv"],
            capture_output=True, text=True, check=True)
        self.assertIn('"SET"', told.stdout)
        self.assertEqual(metric(server, "duet_tls_failures_total"), 0)

    def test_values_and_pipelines_of_every_size_arrive_whole(self):
        server = self.serve("--proto-max-bulk-len=64mb")
        client = self.connect(server)
        for size in (0, 1, 100, 16383, 16384, 16385, 65536, 65537, 1 << 20, 20 << 20):
            value = os.urandom(size)
            self.assertEqual(client.call("SET", "k", value), "OK")
            self.assertEqual(client.call("GET", "k"), value, size)
        value = os.urandom(1000)
        client.call("SET", "k", value)
        client.send(encode("GET", "k") * 5000)  # the sockets hold it, while replies have to wait
        for _ in range(5000):
            self.assertEqual(client.read(), value)

    def test_a_record_a_byte(self):
        client = self.connect(self.serve())
        for byte in encode("SET", "k", "v" * 50) + encode("GET", "k"):
            client.send(bytes([byte]))
        self.assertEqual([client.read(), client.read()], ["OK", b"v" * 50])

    def test_ciphertext_in_any_pieces(self):
        server = self.serve()
        pieces = self.enterContext(Pieces(server.addresses["resp-tls"], size=1))
        with RespClient(context(self.pki).wrap_socket(
                socket.create_connection(pieces.address, 20 * SLOWDOWN),
                server_hostname="localhost")) as client:
            self.assertEqual(client.call("SET", "k", "v" * 2000), "OK")
            self.assertEqual(client.call("GET", "k"), b"v" * 2000)

    def test_a_client_that_does_not_read_is_not_read_from_and_loses_nothing(self):
        server = self.serve()
        client = self.connect(server)
        value = os.urandom(1 << 20)
        client.call("SET", "big", value)
        client.send(encode("GET", "big") * 64)
        other = self.connect(server)
        wait_until(lambda: "omem=0" not in next(
            line for line in other.call("CLIENT", "LIST").decode().splitlines()
            if "cmd=get" in line), what="replies that wait for the client")
        for _ in range(64):
            self.assertEqual(client.read(), value)

    def test_messages_reach_subscribers(self):
        server = self.serve()
        subscriber, publisher = self.connect(server), self.connect(server)
        subscriber.call("SUBSCRIBE", "news")
        for i in range(100):
            self.assertEqual(publisher.call("PUBLISH", "news", str(i)), 1)
        self.assertEqual([subscriber.read()[2] for _ in range(100)],
                         [str(i).encode() for i in range(100)])

    def test_the_server_says_goodbye(self):
        server = self.serve()
        client = self.connect(server)
        client.send(encode("QUIT"))
        self.assertEqual(client.read(), "OK")
        # An end without close_notify would be an ssl.SSLEOFError here.
        client.socket.suppress_ragged_eofs = False
        self.assertEqual(client.socket.recv(1), b"")

    def test_a_drain_answers_what_was_sent(self):
        server = self.serve("--drain-delay=300ms")
        client = self.connect(server)
        client.call("PING")
        server.process.terminate()
        wait_until(lambda: any("draining" in line for line in server.lines), what="the drain")
        client.send(encode("SET", "k", "v") * 100)
        for _ in range(100):
            self.assertEqual(client.read(), "OK")
        client.socket.suppress_ragged_eofs = False
        self.assertEqual(client.socket.recv(1), b"")
        self.assertEqual(server.stop(None), 0)

    def test_only_tls(self):
        server = self.serve("--resp-port=off", "--grpc-port=off")
        self.assertEqual(self.connect(server).call("PING"), "PONG")
        port = str(server.addresses["resp-tls"][1]).encode()
        self.assertEqual(self.connect(server).call("CONFIG", "GET", "tls-port"),
                         [b"tls-port", port])
        self.assertIn(b"\r\ntcp_port:%s\r\n" % port,
                      self.connect(server).call("INFO", "server"))


class Peers(TlsTest):
    def refused(self, server, identity=None, reason=""):
        """The handshake fails, or (TLS 1.3: the client is done before the server has judged) the
        first read does; the server counts it and says why."""
        before = metric(server, "duet_tls_failures_total")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with server.connect_tls(context(self.pki, identity)) as client:
                client.call("PING")
        wait_until(lambda: metric(server, "duet_tls_failures_total") == before + 1, what="count")
        wait_until(lambda: any("TLS failed" in line and reason in line for line in server.lines),
                   what="a line in the log with: " + reason)

    def test_clients_must_show_a_certificate(self):
        server = self.serve(auth_clients="yes")
        self.assertEqual(self.connect(server, self.pki.client).call("PING"), "PONG")
        self.refused(server, None, "peer did not return a certificate")

    def test_a_strangers_certificate_is_refused(self):
        server = self.serve(auth_clients="yes")
        self.refused(server, self.pki.stranger, "certificate verify failed")
        self.assertEqual(self.connect(server, self.pki.client).call("PING"), "PONG")

    def test_clients_may_show_a_certificate(self):
        server = self.serve(auth_clients="optional")
        self.assertEqual(self.connect(server).call("PING"), "PONG")
        self.assertEqual(self.connect(server, self.pki.client).call("PING"), "PONG")
        self.refused(server, self.pki.stranger, "certificate verify failed")

    def test_plaintext_at_the_tls_door(self):
        server = self.serve()
        for text in (encode("PING"), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"\0" * 100_000):
            with RespClient(socket.create_connection(server.addresses["resp-tls"], 20)) as plain:
                plain.send(text)
                if text != b"\x16\x03\x01":  # the beginning of a handshake; it waits for the rest
                    self.assertNotIn(b"PONG", plain.read_until_closed())
        self.assertEqual(self.connect(server).call("PING"), "PONG")
        self.assertEqual(metric(server, "duet_tls_failures_total"), 3)

    def test_tls_at_the_plain_door(self):
        server = self.serve()
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context(self.pki).wrap_socket(socket.create_connection(server.resp, 20),
                                          server_hostname="localhost")
        self.assertEqual(self.connect(server).call("PING"), "PONG")

    def test_a_client_too_many(self):
        server = self.serve("--maxclients=1")
        self.connect(server).call("PING")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(server)

    def test_versions(self):
        for protocols, version, works in (("TLSv1.3", ssl.TLSVersion.TLSv1_2, False),
                                          ("TLSv1.3", ssl.TLSVersion.TLSv1_3, True),
                                          ("TLSv1.2", ssl.TLSVersion.TLSv1_3, False),
                                          ("TLSv1.2", ssl.TLSVersion.TLSv1_2, True)):
            with self.subTest(protocols=protocols, version=version), \
                    Duet("--tls-port=0", f"--tls-protocols={protocols}",
                         *self.pki.flags("no")) as server:
                only = context(self.pki)
                only.minimum_version = only.maximum_version = version
                if works:
                    with server.connect_tls(only) as client:
                        self.assertEqual(client.call("PING"), "PONG")
                else:
                    with self.assertRaises(ssl.SSLError):
                        server.connect_tls(only)

    def test_ciphers(self):
        server = self.serve("--tls-protocols=TLSv1.2",
                            "--tls-ciphers=ECDHE-ECDSA-AES256-GCM-SHA384")
        self.assertEqual(self.connect(server).socket.cipher()[0], "ECDHE-ECDSA-AES256-GCM-SHA384")
        server = self.serve("--tls-ciphersuites=TLS_CHACHA20_POLY1305_SHA256")
        self.assertEqual(self.connect(server).socket.cipher()[0], "TLS_CHACHA20_POLY1305_SHA256")


class Files(TlsTest):
    def shown(self, server):
        """The certificate that a new connection is shown."""
        return fingerprint(ssl.get_server_certificate(server.addresses["resp-tls"]))

    def test_a_renewed_certificate_needs_no_restart(self):
        server = self.serve("--tls-reload-interval=20ms")
        old = self.pki.server.fingerprint()
        self.assertEqual(self.shown(server), old)
        early = self.connect(server)
        self.pki.replace_server(self.pki.renewed)
        wait_until(lambda: self.shown(server) == self.pki.renewed.fingerprint(),
                   what="the new certificate")
        self.assertEqual(early.call("PING"), "PONG")
        self.assertTrue(any("TLS files were replaced" in line for line in server.lines))
        end = metric(server, "duet_tls_certificate_not_after_timestamp_seconds")
        self.assertGreater(end, time.time())
        self.assertLess(end, time.time() + 2 * 86400)

    def test_a_broken_file_leaves_the_old_one_in_force(self):
        server = self.serve("--tls-reload-interval=20ms")
        old = self.pki.server.fingerprint()
        pathlib.Path(self.pki.server.cert).write_text("no certificate")
        wait_until(lambda: any("cannot be used; the old ones stay" in line and
                               "has no certificate in PEM form" in line for line in server.lines),
                   what="the complaint")
        self.assertEqual(self.shown(server), old)
        os.unlink(self.pki.server.cert)
        wait_until(lambda: any("No such file" in line for line in server.lines),
                   what="the next complaint")
        self.assertEqual(self.shown(server), old)
        said = sum("cannot be used" in line for line in server.lines)
        self.assertLessEqual(said, 3, "each complaint once")  # and one between truncate and write

    def test_a_start_with_bad_files_ends_with_one_clear_line(self):
        pki = self.pki
        directory = tempfile.mkdtemp(dir=pki.directory)
        empty = os.path.join(directory, "empty")
        pathlib.Path(empty).touch()
        secret = os.path.join(directory, "secret.key")
        openssl("pkey", "-in", pki.server.key, "-aes256", "-passout", "pass:x", "-out", secret)
        damaged = os.path.join(directory, "damaged.crt")
        text = pathlib.Path(pki.server.cert).read_text()
        pathlib.Path(damaged).write_text(text + text[:len(text) // 2])
        missing = os.path.join(directory, "missing")
        for flag, said in (
                (f"--tls-cert-file={missing}", f"tls-cert-file {missing} cannot be read: No such"),
                (f"--tls-cert-file={directory}", "cannot be read: "),
                (f"--tls-cert-file={empty}", "has no certificate in PEM form"),
                (f"--tls-cert-file={damaged}", "is damaged after its first certificate"),
                (f"--tls-cert-file={pki.renewed.cert}", "does not belong to the certificate in"),
                (f"--tls-key-file={empty}", "has no private key in PEM form without a passphrase"),
                (f"--tls-key-file={secret}", "has no private key in PEM form without a passphrase"),
                (f"--tls-ca-cert-file={empty}", f"tls-ca-cert-file {empty}: has no certificate"),
                ("--tls-ciphers=NONE-SUCH", "tls-ciphers NONE-SUCH: OpenSSL has no such ciphers"),
                ("--tls-ciphersuites=X", "tls-ciphersuites X: OpenSSL has no such cipher suites")):
            with self.subTest(flag=flag):
                done = subprocess.run(
                    [BINARY, "--resp-port=0", "--grpc-port=0", "--admin-port=0", "--tls-port=0",
                     *pki.flags(), flag], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    env=environment(), timeout=60 * SLOWDOWN)
                self.assertEqual(done.returncode, 1, done)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(said, done.stderr)


class Pieces:
    """A relay in front of `target` that passes on what clients send `size` bytes at a time."""

    def __init__(self, target, size):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.target, self.size = target, size
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        with client, socket.create_connection(self.target) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self.copy, args=(server, client, 1 << 16))
            back.start()
            self.copy(client, server, self.size)
            server.shutdown(socket.SHUT_WR)
            back.join()

    @staticmethod
    def copy(source, target, size):
        try:
            while data := source.recv(1 << 16):
                for at in range(0, len(data), size):
                    target.sendall(data[at:at + size])
        except OSError:
            pass  # one side is gone, which is how a test ends

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()


if __name__ == "__main__":
    unittest.main()
