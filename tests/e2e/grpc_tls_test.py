#!/usr/bin/env python3
"""gRPC over TLS: who is served, which certificate is shown, and what a renewed one changes."""
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import grpc

from certificates import Certificates, fingerprint
from harness import BINARY, SLOWDOWN, Duet, environment, wait_until

GET = "/duet.v1.KeyValueService/Get"
SET = "/duet.v1.KeyValueService/Set"
KEY, VALUE = b"\x0a\x01k", b"\x12\x01v"  # field 1 of a request, field 2 of a SetRequest
FOUND = b"\x08\x01" + VALUE  # a GetResponse
CALL_SECONDS = 20 * SLOWDOWN
RELOAD = "--tls-reload-interval=20ms"


def target(address):
    return "localhost:%d" % address[1]


def channel_to(address, pki, identity=None):
    """A channel that trusts `ca` and shows `identity`, if any."""
    certificate, key = identity.read() if identity else (None, None)
    credentials = grpc.ssl_channel_credentials(pathlib.Path(pki.ca.cert).read_bytes(), key,
                                               certificate)
    # A channel of its own: gRPC shares connections of equal channels.
    return grpc.secure_channel(target(address), credentials,
                               [("grpc.use_local_subchannel_pool", 1)])


def get(channel):
    """The response's bytes, or the name of the status."""
    try:
        return channel.unary_unary(GET)(KEY, timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        return error.code().name


def shown(address):
    """The fingerprint of the certificate that a new connection is shown."""
    return fingerprint(ssl.get_server_certificate(address, timeout=CALL_SECONDS))


class GrpcTls(unittest.TestCase):
    def setUp(self):
        self.pki = self.enterContext(Certificates())

    def serve(self, *flags, auth_clients="no"):
        return self.enterContext(Duet("--grpc-tls-port=0", *self.pki.flags(auth_clients), *flags))

    def answer(self, server, identity=None):
        with channel_to(server.grpc_tls, self.pki, identity) as channel:
            return get(channel)

    def test_both_doors_are_one_store(self):
        server = self.serve()
        with grpc.insecure_channel(target(server.grpc)) as plain:
            plain.unary_unary(SET)(KEY + VALUE, timeout=CALL_SECONDS)
            self.assertEqual(get(plain), FOUND)
        self.assertEqual(self.answer(server), FOUND)
        with server.connect() as client:
            self.assertEqual(client.call("GET", "k"), b"v")
            port = client.call("CONFIG", "GET", "grpc-tls-port")[1]
            self.assertEqual(int(port), server.grpc_tls[1])
        self.assertNotEqual(server.grpc_tls[1], server.grpc[1])

    def test_tls_alone(self):
        server = self.serve("--grpc-port=off")
        self.assertNotIn("grpc", server.addresses)
        self.assertEqual(self.answer(server), b"")

    def test_a_client_that_does_not_trust_the_authority(self):
        server = self.serve()
        wrong = grpc.ssl_channel_credentials(pathlib.Path(self.pki.other_ca.cert).read_bytes())
        with grpc.secure_channel(target(server.grpc_tls), wrong) as channel:
            self.assertEqual(get(channel), "UNAVAILABLE")
        self.assertEqual(self.answer(server), b"")

    def test_failed_handshakes_cannot_fill_the_log(self):
        server = self.serve("--log-format=json")
        begin = time.monotonic()
        for _ in range(200):
            with socket.create_connection(server.grpc_tls, CALL_SECONDS) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
                while connection.recv(1 << 10):
                    pass
        # gRPC's own lines come through the log, in its form, and few of them.
        lines = [json.loads(line) for line in server.lines if line.startswith("{")]
        said = [line for line in lines if "Handshake failed" in line.get("text", "")]
        self.assertEqual({line["target"] for line in said}, {"grpc"})
        self.assertLessEqual(len(said), 20 * (time.monotonic() - begin + 2))  # a second each
        self.assertFalse([line for line in server.lines if "Handshake" in line and line[0] != "{"])

    def test_plaintext_on_the_tls_port(self):
        server = self.serve()
        with grpc.insecure_channel(target(server.grpc_tls)) as channel:
            self.assertEqual(get(channel), "UNAVAILABLE")
        with socket.create_connection(server.grpc_tls, CALL_SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while connection.recv(4096):  # an alert, and the end
                pass
        self.assertEqual(self.answer(server), b"")

    def test_tls_on_the_plaintext_port(self):
        server = self.serve()
        with channel_to(server.grpc, self.pki) as channel:
            self.assertEqual(get(channel), "UNAVAILABLE")
        with grpc.insecure_channel(target(server.grpc)) as channel:
            self.assertEqual(get(channel), b"")

    def test_clients_certificates(self):
        pki = self.pki
        for auth_clients, nobody, known, stranger in (("yes", False, True, False),
                                                      ("optional", True, True, False),
                                                      ("no", True, True, True)):
            server = self.serve(auth_clients=auth_clients)
            for identity, served in ((None, nobody), (pki.client, known),
                                     (pki.stranger, stranger)):
                with self.subTest(auth_clients, identity=identity and identity.cert):
                    self.assertEqual(self.answer(server, identity),
                                     b"" if served else "UNAVAILABLE")

    def test_versions(self):
        address = self.serve().grpc_tls
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = ssl.create_default_context(cafile=self.pki.ca.cert)
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(["h2"])
            with socket.create_connection(address, CALL_SECONDS) as connection, \
                    context.wrap_socket(connection, server_hostname="localhost") as wrapped:
                self.assertEqual(wrapped.version(), name)
                self.assertEqual(wrapped.selected_alpn_protocol(), "h2")

    def test_a_password_is_asked_for_beside_the_certificate(self):
        server = self.serve("--requirepass=secret", auth_clients="yes")
        self.assertEqual(self.answer(server, self.pki.client), "UNAUTHENTICATED")


class Renewal(unittest.TestCase):
    def setUp(self):
        self.pki = self.enterContext(Certificates())
        self.before = self.pki.server.fingerprint()

    def serve(self, *flags):
        return self.enterContext(Duet("--grpc-tls-port=0", *self.pki.flags("no"), *flags))

    def test_new_connections_see_the_new_certificate(self):
        server = self.serve(RELOAD)
        self.assertEqual(shown(server.grpc_tls), self.before)
        with channel_to(server.grpc_tls, self.pki) as channel:
            self.assertEqual(get(channel), b"")
            self.pki.replace_server(self.pki.renewed)
            after = self.pki.renewed.fingerprint()
            wait_until(lambda: shown(server.grpc_tls) == after, what="the new certificate")
            self.assertEqual(get(channel), b"")  # on the connection from before
        with channel_to(server.grpc_tls, self.pki) as channel:
            self.assertEqual(get(channel), b"")

    def test_files_that_cannot_be_used_leave_the_old_ones_in_force(self):
        server = self.serve(RELOAD)
        certificate, key = (pathlib.Path(path) for path in (self.pki.server.cert,
                                                            self.pki.server.key))
        old = certificate.read_text()
        for wrong in ("nonsense", old[:200], pathlib.Path(self.pki.renewed.cert).read_text(), None):
            lines = len(server.lines)
            if wrong is None:
                certificate.unlink()
            else:
                certificate.write_text(wrong)
            server.wait_for_lines(lambda lines_now: any("cannot be used" in line
                                                        for line in lines_now[lines:]))
            self.assertEqual(shown(server.grpc_tls), self.before)
        certificate.write_text(pathlib.Path(self.pki.renewed.cert).read_text())
        key.write_text(pathlib.Path(self.pki.renewed.key).read_text())
        after = self.pki.renewed.fingerprint()
        wait_until(lambda: shown(server.grpc_tls) == after, what="the new certificate")

    def test_a_new_authority_for_clients(self):
        server = self.enterContext(Duet("--grpc-tls-port=0", *self.pki.flags("yes"), RELOAD))

        def answer(identity):
            with channel_to(server.grpc_tls, trusted, identity) as channel:
                return get(channel)

        with Certificates() as trusted:  # with the server's old authority, for its clients
            pathlib.Path(trusted.ca.cert).write_bytes(pathlib.Path(self.pki.ca.cert).read_bytes())
            self.assertEqual(answer(self.pki.stranger), "UNAVAILABLE")
            pathlib.Path(self.pki.ca.cert).write_bytes(
                pathlib.Path(self.pki.other_ca.cert).read_bytes())
            wait_until(lambda: answer(self.pki.stranger) == b"", what="the new authority")
            self.assertEqual(answer(self.pki.client), "UNAVAILABLE")

    def test_interval_0_never_looks_again(self):
        server = self.serve("--tls-reload-interval=0")
        self.pki.replace_server(self.pki.renewed)
        self.assertEqual(shown(server.grpc_tls), self.before)


class Refusals(unittest.TestCase):
    """What cannot be served over TLS is one line at start-up, and exit code 1."""

    def refusal(self, *flags):
        ports = ["--resp-port=off", "--grpc-port=off", "--admin-port=off", "--grpc-tls-port=0"]
        done = subprocess.run([BINARY, *ports, *flags], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment(), timeout=CALL_SECONDS)
        self.assertEqual(done.returncode, 1, done.stdout)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 1, done.stdout)
        return lines[0]

    def test_files(self):
        with Certificates() as pki, tempfile.NamedTemporaryFile("w") as text:
            text.write("not a certificate")
            text.flush()
            for flag in ("--tls-cert-file", "--tls-key-file", "--tls-ca-cert-file"):
                for path in ("/nowhere/file.pem", text.name, pki.directory):
                    line = self.refusal(*pki.flags(), f"{flag}={path}")
                    self.assertIn(flag[2:] + " " + path, line)
            line = self.refusal(*pki.flags(), f"--tls-key-file={pki.renewed.key}")
            self.assertIn("does not belong to the certificate", line)

    def test_what_grpc_cannot_be_told(self):
        with Certificates() as pki:
            self.assertIn("--tls-protocols can restrict --tls-port only",
                          self.refusal(*pki.flags(), "--tls-protocols=TLSv1.3"))
            self.assertIn("GRPC_SSL_CIPHER_SUITES",
                          self.refusal(*pki.flags(), "--tls-ciphers=HIGH"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
