#!/usr/bin/env python3
"""What the chart would run is run with TLS (pod.py): the server with a Secret's files, which are renewed
while it runs, the script of `helm test`, the commands of NOTES.txt."""
import shlex
import ssl
import tempfile
import unittest

from chart import notes, objects, one, values_files
from pod import Pod  # with tests/e2e in the path
from certificates import Certificates, fingerprint
from harness import http_get, wait_until

MANAGED = values_files()["tls-cert-manager"]
MUTUAL = values_files()["tls-mutual"]


def secret(identity, authority=None):
    """A Secret of the type kubernetes.io/tls."""
    certificate, key = identity.read()
    made = {"tls.crt": certificate, "tls.key": key}
    return made | ({"ca.crt": authority.read()[0]} if authority else {})


class RunTls(unittest.TestCase):
    def setUp(self):
        # For the names that the chart asks cert-manager for.
        names = one(objects(file=MANAGED), "Certificate")["spec"]["dnsNames"]
        self.pki = self.enterContext(Certificates(names))

    def pod(self, found, **secrets):
        """A pod that runs until the test ends; `secrets` have _ for the - in their names."""
        pod = Pod(found, self.enterContext(tempfile.TemporaryDirectory()),
                  {name.replace("_", "-"): data for name, data in secrets.items()})
        self.enterContext(pod.start())
        return pod

    def managed(self, values=None):
        """As cert-manager fills the Secret."""
        return self.pod(objects(values, file=MANAGED),
                        rel_duet_tls=secret(self.pki.server, self.pki.ca))

    def mutual(self, values=None):
        return self.pod(objects(values, file=MUTUAL),
                        our_certificate=secret(self.pki.server, self.pki.ca),
                        our_client=secret(self.pki.client, self.pki.ca))

    def test_probes_and_metrics_stay_plain(self):
        pod = self.managed()
        self.assertEqual(set(pod.server.addresses), {"resp-tls", "grpc-tls", "admin"})
        for path in ("/livez", "/readyz", "/metrics"):
            self.assertEqual(http_get(pod.server.admin, path)[0], 200)

    def test_a_renewed_secret_needs_no_restart(self):
        values = {"settings": {"tls-reload-interval": "50ms"}}
        pod = self.managed(values)

        def shown(door):
            return fingerprint(ssl.get_server_certificate(pod.server.addresses[door]))

        doors = ("resp-tls", "grpc-tls")
        for door in doors:
            self.assertEqual(shown(door), self.pki.server.fingerprint())
        pod.secrets["rel-duet-tls"] = secret(self.pki.renewed, self.pki.ca)
        pod.renew()
        for door in doors:
            wait_until(lambda: shown(door) == self.pki.renewed.fingerprint(), what=door)

    def test_helm_test(self):
        for made, lines in ((self.managed, 2), (self.mutual, 4)):
            with self.subTest(values=made.__name__):
                pod = made()
                done = pod.run_test(REDISCLI_AUTH="secret")
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(done.stdout.count("127.0.0.1:") - 1, lines, done.stdout)
                self.assertTrue(done.stdout.endswith("redis_up 1\nall is well\n"), done.stdout)
                self.assertNotEqual(pod.run_test(REDISCLI_AUTH="another").returncode, 0)

    def test_helm_test_sees_what_is_wrong(self):
        # An authority that has not signed the server's certificate.
        pod = self.managed()
        pod.secrets["rel-duet-tls"]["ca.crt"] = self.pki.other_ca.read()[0]
        done = pod.run_test(REDISCLI_AUTH="secret")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate verify failed", done.stdout)
        # A client's certificate that is not one of the authority's.
        pod = self.mutual()
        pod.secrets["our-client"] = secret(self.pki.stranger)
        self.assertNotEqual(pod.run_test(REDISCLI_AUTH="secret").returncode, 0)
        # A server that serves everybody, although clients must show a certificate.
        pod = self.pod(objects({"tls": {"authClients": "no"}}, file=MUTUAL),
                       our_certificate=secret(self.pki.server, self.pki.ca),
                       our_client=secret(self.pki.client))
        pod.found = objects(file=MUTUAL)
        self.assertNotEqual(pod.run_test(REDISCLI_AUTH="secret").returncode, 0)

    def test_helm_test_without_a_client_certificate(self):
        pod = self.mutual({"tests": {"clientSecret": ""}})
        done = pod.run_test(REDISCLI_AUTH="secret")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("no more without tests.clientSecret", done.stdout)

    def test_commands_of_the_notes(self):
        forwards, output = self.managed().run_notes(notes(file=MANAGED))
        self.assertEqual(shlex.split(forwards[0])[3:],
                         ["port-forward", "service/rel-duet", "6379:6379", "50051:50051"])
        for expected in ("condition met\nOK\nhello\n", '"simpleString": "PONG"',
                         "\nredis_up 1\n"):
            self.assertIn(expected, output)

    def test_commands_of_the_notes_with_a_client_certificate(self):
        certificate, key = self.pki.client.read()
        forwards, output = self.mutual().run_notes(notes(file=MUTUAL), client_crt=certificate,
                                                   client_key=key)
        self.assertEqual(shlex.split(forwards[0])[5:],
                         ["6379:6379", "6380:6380", "50051:50051", "50052:50052"])
        self.assertEqual(output.count("OK\nhello\n"), 2)
        self.assertEqual(output.count('"simpleString": "PONG"'), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
