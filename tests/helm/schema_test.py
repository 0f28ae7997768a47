#!/usr/bin/env python3
"""values.schema.json takes what is valid, refuses what is not, and knows all of values.yaml."""
import importlib.util
import json
import os
import subprocess
import unittest

import yaml

from chart import CHART, HELMS, ROOT, Refused, environment, objects, render

specification = importlib.util.spec_from_file_location("generate", ROOT / "helm/generate.py")
generate = importlib.util.module_from_spec(specification)
specification.loader.exec_module(generate)

SCHEMA = json.loads((CHART / "values.schema.json").read_text())

TLS = {"enabled": True, "existingSecret": "ours"}

# Values that are refused, and a word that the message has.
BAD = [
    ({"replica": 2}, "replica"),
    ({"replicas": -1}, "replicas"),
    ({"replicas": "1"}, "replicas"),
    ({"kind": "DaemonSet"}, "kind"),
    ({"image": {"repo": "x"}}, "repo"),
    ({"image": {"tag": "has space"}}, "tag"),
    ({"image": {"digest": "sha256:short"}}, "digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"settings": {"maxclient": 10}}, "maxclient"),
    ({"settings": {"maxclients": 0}}, "maxclients"),
    ({"settings": {"maxclients": "many"}}, "maxclients"),
    ({"settings": {"proto-max-bulk-len": "64mib"}}, "proto-max-bulk-len"),
    ({"settings": {"log-format": "loud"}}, "log-format"),
    ({"settings": {"requirepass": "x"}}, "requirepass"),
    ({"settings": {"threads": 4}}, "threads"),
    ({"settings": {"bind": "127.0.0.1"}}, "bind"),
    ({"settings": {"otlp-endpoint": "https://collector:4317"}}, "otlp-endpoint"),
    ({"settings": {"otlp-endpoint": "collector"}}, "otlp-endpoint"),
    ({"settings": {"trace-sample-ratio": 1.5}}, "trace-sample-ratio"),
    ({"settings": {"trace-sample-ratio": "some"}}, "trace-sample-ratio"),
    ({"threads": 257}, "threads"),
    ({"threads": 1.5}, "threads"),
    ({"maxmemory": "1Gi"}, "maxmemory"),
    ({"maxmemoryPercent": 101}, "maxmemoryPercent"),
    ({"maxmemoryPercent": 0}, "maxmemoryPercent"),
    ({"auth": {"password": "two\nlines"}}, "password"),
    ({"auth": {"existingSecret": "Not_A_Name"}}, "existingSecret"),
    ({"drain": {"delaySeconds": 601}}, "delaySeconds"),
    ({"drain": {"timeoutSeconds": -1}}, "timeoutSeconds"),
    ({"drain": {"marginSeconds": 0}}, "marginSeconds"),
    ({"service": {"type": "ExternalName"}}, "type"),
    ({"service": {"resp": {"port": 70000}}}, "port"),
    ({"service": {"ipFamilies": ["IPv5"]}}, "ipFamilies"),
    ({"persistence": {"size": "8 gigabytes"}}, "size"),
    ({"persistence": {"accessModes": []}}, "accessModes"),
    ({"resources": {"limits": {"memory": "1GB"}}}, "memory"),
    ({"resources": {"limit": {}}}, "limit"),
    ({"resources": {"limits": {"ram": "1Gi"}}}, "ram"),
    ({"probes": {"liveness": {"path": "/"}}}, "path"),
    ({"podDisruptionBudget": {"maxUnavailable": "half"}}, "maxUnavailable"),
    ({"networkPolicy": {"clients": {}}}, "clients"),
    ({"metrics": {"serviceMonitor": {"interval": "often"}}}, "interval"),
    ({"metrics": {"dashboard": {"labels": {"a": "not a label!"}}}}, "labels"),
    ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "topologySpreadConstraints"),
    ({"extraArgs": ["maxclients=5"]}, "extraArgs"),
    ({"tests": {"image": {"digest": "x"}}}, "digest"),
    ({"tls": {"enable": True}}, "enable"),
    ({"tls": {"enabled": "yes"}}, "enabled"),
    ({"tls": {"existingSecret": "Not_A_Name"}}, "existingSecret"),
    ({"tls": {"certFilename": "certs/tls.crt"}}, "certFilename"),
    ({"tls": {"authClients": "always"}}, "authClients"),
    ({"tls": {"certManager": {"issuer": "x"}}}, "issuer"),
    ({"tls": {"certManager": {"issuerRef": {"kind": "issuer"}}}}, "kind"),
    ({"tls": {"certManager": {"duration": "90d"}}}, "duration"),
    ({"tls": {"certManager": {"privateKey": {"size": 2048}}}}, "privateKey"),
    ({"tls": {"certManager": {"privateKey": {"algorithm": "RSA", "size": 256}}}}, "privateKey"),
    ({"tls": {"certManager": {"privateKey": {"algorithm": "Ed25519", "size": 256}}}}, "privateKey"),
    ({"tls": {"certManager": {"usages": []}}}, "usages"),
    ({"tls": {"certManager": {"usages": ["serving"]}}}, "usages"),
    ({"tls": {"certManager": {"dnsNames": ["a.*.example.com"]}}}, "dnsNames"),
    ({"tls": {"certManager": {"ipAddresses": ["localhost"]}}}, "ipAddresses"),
    ({"service": {"resp": {"tls": {"port": 0}}}}, "port"),
    ({"settings": {"tls-protocols": "TLSv1.1"}}, "tls-protocols"),
    ({"settings": {"tls-port": 6380}}, "tls-port"),
    ({"settings": {"tls-auth-clients": "no"}}, "tls-auth-clients"),
    ({"tests": {"clientSecret": "Not_A_Name"}}, "clientSecret"),
    # What the templates refuse.
    ({"replicas": 2}, "independentReplicas"),
    ({"replicas": 2, "independentReplicas": True}, "StatefulSet"),
    ({"persistence": {"enabled": True}}, "StatefulSet"),
    ({"resp": {"enabled": False}, "grpc": {"enabled": False}}, "nobody"),
    ({"auth": {"password": "x", "existingSecret": "mine"}}, "both"),
    ({"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}}, "twice"),
    ({"tls": {"existingSecret": "ours"}}, "tls.existingSecret is set, but tls.enabled is false"),
    ({"tls": {"keepPlaintext": True}}, "tls.keepPlaintext is set, but"),
    ({"tls": {"authClients": "optional"}}, "tls.authClients is set, but"),
    ({"tls": {"certManager": {"enabled": True}}}, "tls.certManager.enabled is set, but"),
    ({"settings": {"tls-protocols": "TLSv1.3"}}, "settings.tls-protocols is set, but"),
    ({"tls": {"enabled": True}}, "tls.enabled needs a certificate"),
    ({"tls": TLS | {"certManager": {"enabled": True}}}, "existingSecret and .* are both set"),
    ({"tls": {"enabled": True, "certManager": {"enabled": True}}}, "issuerRef.name is empty"),
    ({"tls": {"enabled": True, "certManager": {
        "enabled": True, "issuerRef": {"name": "x"}, "serviceNames": False}}}, "would name nobody"),
    ({"tls": TLS, "settings": {"tls-protocols": "TLSv1.3"}}, "the gRPC door speaks TLSv1.2 and"),
    ({"tls": TLS, "settings": {"tls-ciphers": "HIGH"}, "resp": {"enabled": False}},
     "of the Redis protocol's door"),
    ({"tls": TLS | {"keepPlaintext": True}, "service": {"resp": {"tls": {"port": 6379}}}},
     "resp and resp-tls are both 6379"),
    ({"settings": {"grpc-max-message-bytes": 2**27 + 1}},
     "grpc-max-message-bytes is 134217729, but all messages together may take 134217728"),
    ({"settings": {"grpc-max-message-bytes": "2gb", "grpc-max-memory-bytes": "1500mb"}}, "1500mb"),
    ({"settings": {"grpc-max-message-bytes": "1025mb"}, "resources": {"limits": {"memory": None}}},
     "may take 1gb"),
    ({"service": {"resp": {"port": 443}, "grpc": {"port": 443}}}, "resp and grpc are both 443"),
]


class Schema(unittest.TestCase):
    def test_bad_values_are_refused(self):
        for values, word in BAD:
            with self.subTest(values=values), self.assertRaisesRegex(Refused, word):
                render(values)

    def test_settings_of_tls(self):
        for settings in ({"tls-protocols": "TLSv1.2 TLSv1.3"}, {"tls-ciphersuites": "X"}):
            render({"tls": TLS, "settings": settings})
        render({"tls": TLS, "settings": {"tls-protocols": "TLSv1.3"}, "grpc": {"enabled": False}})

    def test_both_helms_refuse(self):
        for version in HELMS:
            for values, word in BAD[:4]:
                with self.subTest(version=version), self.assertRaisesRegex(Refused, word):
                    render(values, version=version)

    def test_prestop_needs_a_kubernetes_that_can_sleep(self):
        values = {"drain": {"preStopSleepSeconds": 5}}
        render(values, kubernetes="1.30.0")
        with self.assertRaisesRegex(Refused, "needs Kubernetes 1.30"):
            render(values, kubernetes="1.29.9")

    def test_kubernetes_is_new_enough(self):
        with self.assertRaisesRegex(Refused, "1.24"):
            render(kubernetes="1.23.17")
        render(kubernetes="1.34.1-gke.100")  # what clouds call theirs

    def test_as_part_of_another_chart(self):
        render({"global": {"imageRegistry": "whatever"}})

    def test_every_object_of_the_schema_is_closed(self):
        """Either it names its properties and takes no other, or it says what others are."""
        def walk(schema, path):
            if isinstance(schema, dict):
                if "properties" in schema:
                    self.assertIs(schema.get("additionalProperties"), False, path)
                for key, value in schema.items():
                    walk(value, f"{path}/{key}")
        walk({key: value for key, value in SCHEMA.items()}, "")

    def test_schema_and_values_name_the_same(self):
        def properties(schema, path=()):
            if "$ref" in schema:
                schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
            for key, value in schema.get("properties", {}).items():
                yield path + (key,)
                yield from properties(value, path + (key,))

        def keys(values, path=()):
            for key, value in values.items():
                yield path + (key,)
                if isinstance(value, dict):
                    yield from keys(value, path + (key,))

        known = set(properties(SCHEMA))
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        # Of maps that are free, values.yaml may say anything.
        free = {("podSecurityContext",), ("securityContext",), ("resources",),
                ("metrics", "dashboard", "labels"), ("tests", "resources")}
        in_values = {path for path in keys(values)
                     if not any(path[:len(each)] == each and path != each for each in free)}
        self.assertEqual(in_values - known, set())
        # Optional parts of what values.yaml shows only in part.
        optional = {("global",), ("strategy", "rollingUpdate"), ("updateStrategy", "rollingUpdate")}
        missing = {path for path in known - in_values
                   if path[:1] not in {("settings",), ("affinity",)} and path[:2] not in optional and
                   path[:1] not in optional and path[:1] != ("resources",) and
                   path[:2] != ("tests", "resources") and path[:1] != ("probes",)}
        self.assertEqual(missing, set())

    def test_generated_parts_are_up_to_date(self):
        done = subprocess.run(["/usr/bin/python3", str(ROOT / "helm/generate.py"), "--check"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


class Settings(unittest.TestCase):
    """The schema's settings against the server's own list."""

    def setUp(self):
        self.help = subprocess.run([os.environ["DUET_SERVER"], "--help"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
        self.settings = generate.settings(self.help)

    def test_the_server_has_each_of_them(self):
        named = set(SCHEMA["properties"]["settings"]["properties"])
        self.assertEqual(named - set(self.settings), set(), "run helm/generate.py --server BINARY")
        new = set(self.settings) - named - generate.DECIDED
        if new:  # harmless, but users cannot set them here yet
            print(f"helm/generate.py --server BINARY would add {sorted(new)}")

    def test_the_server_reads_each_variable(self):
        names = {"DUET_" + name.upper().replace("-", "_") for name in self.settings}
        self.assertEqual(set(environment(objects())) - names, set())

    def test_the_chart_is_of_the_servers_version(self):
        said = subprocess.run([os.environ["DUET_SERVER"], "--version"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual(said, f"duet-server {chart['appVersion']}\n")

    def test_what_is_said_of_them(self):
        meaning = {name: generate.setting_schema(text) for name, text in self.settings.items()}
        self.assertEqual(meaning["maxclients"]["maximum"], 1_000_000)
        self.assertEqual(meaning["log-format"]["enum"], ["text", "logfmt", "json"])
        self.assertIn("pattern", meaning["max-key-bytes"])
        self.assertEqual(generate.setting_schema("Who may. One of no, yes, local.")["enum"],
                         ["no", "yes", "local", True, False])
        self.assertEqual(
            generate.setting_schema('What is spoken. One of "TLSv1.2 TLSv1.3", TLSv1.3.')["enum"],
            ["TLSv1.2 TLSv1.3", "TLSv1.3"])
        self.assertIn("pattern", meaning["drain-delay"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
