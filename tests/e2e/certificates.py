"""Certificates for the tests of the TLS doors, made when they run, by the `openssl` command.

    with Certificates() as pki:
        with Duet("--tls-port=0", *pki.flags()) as server:
            context = ssl.create_default_context(cafile=pki.ca.cert)

Keys are EC P-256, which takes milliseconds. A certificate is valid for a day from now. All files
are PEM, in one temporary directory:

    ca           the authority that signs server, renewed and client
    server       for 127.0.0.1, ::1 and localhost
    renewed      the same for later: another key and another serial number
    client       shown by clients; `server` may be shown by one too
    other_ca     an authority that the server does not know, and
    stranger     a client's certificate that it signed
"""
import hashlib
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile

HOSTS = "IP:127.0.0.1,IP:::1,DNS:localhost"


class Identity:
    """A certificate and its key. `cert` and `key` are paths."""

    def __init__(self, directory, name):
        self.cert = os.path.join(directory, f"{name}.crt")
        self.key = os.path.join(directory, f"{name}.key")

    def fingerprint(self):
        """SHA-256 of the certificate's DER form, in hexadecimal."""
        return fingerprint(pathlib.Path(self.cert).read_text())

    def read(self):
        """The bytes of the certificate and of the key."""
        return pathlib.Path(self.cert).read_bytes(), pathlib.Path(self.key).read_bytes()


class Certificates:
    """Makes them; leaving the context removes the directory."""

    def __init__(self, names=()):
        """`names`: DNS names of server, renewed and client beside HOSTS."""
        self.directory = tempfile.mkdtemp(prefix="duet-tls-")
        self.hosts = ",".join([HOSTS, *(f"DNS:{name}" for name in names)])
        self.ca = self.authority("ca")
        self.server = self.signed("server", self.ca, "serverAuth,clientAuth")
        self.renewed = self.signed("renewed", self.ca, "serverAuth,clientAuth")
        self.client = self.signed("client", self.ca, "clientAuth")
        self.other_ca = self.authority("other_ca")
        self.stranger = self.signed("stranger", self.other_ca, "clientAuth")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def authority(self, name):
        return self._make(name, "basicConstraints=critical,CA:true",
                          "keyUsage=critical,keyCertSign,cRLSign")

    def signed(self, name, authority, uses):
        """A certificate that `authority` has signed; `uses` is its extendedKeyUsage."""
        return self._make(name, "basicConstraints=critical,CA:false", f"extendedKeyUsage={uses}",
                          f"subjectAltName={self.hosts}", signer=authority)

    def _make(self, name, *extensions, signer=None):
        made = Identity(self.directory, name)
        sign = ["-CA", signer.cert, "-CAkey", signer.key] if signer else []
        add = [word for extension in extensions for word in ("-addext", extension)]
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", made.key, "-out", made.cert, "-days", "1", "-sha256",
                "-subj", f"/O=Duet tests/CN={name}", *sign, *add)
        return made

    def flags(self, auth_clients="yes"):
        """The flags of a server that shows `server` and trusts `ca`."""
        return [f"--tls-cert-file={self.server.cert}", f"--tls-key-file={self.server.key}",
                f"--tls-ca-cert-file={self.ca.cert}", f"--tls-auth-clients={auth_clients}"]

    def replace_server(self, identity):
        """Puts the files of `identity` in the place of those that flags() names, one at a time, each
        at one instant."""
        for source, target in ((identity.cert, self.server.cert), (identity.key, self.server.key)):
            shutil.copyfile(source, target + ".new")
            os.replace(target + ".new", target)


def fingerprint(certificate):
    """SHA-256 of a certificate in PEM, as ssl.get_server_certificate gives it."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def openssl(*words):
    done = subprocess.run(["openssl", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(words)} ended with {done.returncode}:\n" +
                             done.stdout)
