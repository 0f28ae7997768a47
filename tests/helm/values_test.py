#!/usr/bin/env python3
"""What the chart computes from its values."""
import base64
import unittest

from chart import (CHART, Refused, container, environment, notes, objects, one, values_files, workload)

# resources and what --threads and --maxmemory are for them (75 %); None: the variable is not set.
RESOURCES = [
    ({}, None, None),
    ({"limits": {"cpu": "2"}}, "2", None),
    ({"limits": {"cpu": 1.5}}, "2", None),
    ({"limits": {"cpu": "100m"}}, "1", None),
    ({"limits": {"cpu": "2001m"}}, "3", None),
    ({"limits": {"cpu": "1k"}}, "256", None),
    ({"requests": {"cpu": "3"}}, "3", None),
    ({"requests": {"cpu": "3"}, "limits": {"cpu": "4"}}, "4", None),
    ({"limits": {"memory": "1Gi"}}, None, str(2**30 * 3 // 4)),
    ({"limits": {"memory": "1G"}}, None, "750000000"),
    ({"limits": {"memory": "512Mi"}}, None, str(2**29 * 3 // 4)),
    ({"limits": {"memory": "2e9"}}, None, "1500000000"),
    ({"limits": {"memory": 1000000000}}, None, "750000000"),
    ({"limits": {"memory": "1.5Ti"}}, None, str(2**40 * 9 // 8)),
    ({"limits": {"memory": "4000000k"}}, None, "3000000000"),
    ({"requests": {"memory": "1Gi"}}, None, None),
]

TLS = {"enabled": True, "existingSecret": "ours"}


class Values(unittest.TestCase):
    def test_threads_and_maxmemory(self):
        for resources, threads, maxmemory in RESOURCES:
            # Each part of values.yaml's own resources is replaced or taken away.
            default = {"requests": {"cpu": None, "memory": None}, "limits": {"memory": None}}
            whole = {kind: {**default[kind], **resources.get(kind, {})} for kind in default}
            with self.subTest(resources=resources):
                variables = environment(objects({"resources": whole}))
                self.assertEqual(variables.get("DUET_THREADS"), threads)
                self.assertEqual(variables.get("DUET_MAXMEMORY"), maxmemory)

    def test_they_can_be_said(self):
        values = {"threads": 0, "maxmemory": 0}
        variables = environment(objects(values))
        self.assertEqual((variables["DUET_THREADS"], variables["DUET_MAXMEMORY"]), ("0", "0"))
        variables = environment(objects({"threads": 7, "maxmemory": "100mb"}))
        self.assertEqual((variables["DUET_THREADS"], variables["DUET_MAXMEMORY"]), ("7", "100mb"))
        variables = environment(objects({"maxmemory": 3_000_000_000, "maxmemoryPercent": 50}))
        self.assertEqual(variables["DUET_MAXMEMORY"], "3000000000")
        self.assertEqual(environment(objects({"maxmemoryPercent": 50}))["DUET_MAXMEMORY"],
                         str(2**29))

    def test_what_grpc_may_take_is_a_part_of_what_maxmemory_leaves(self):
        def grpc_memory(values):
            return environment(objects(values)).get("DUET_GRPC_MAX_MEMORY_BYTES")
        def limited(memory):
            return {"resources": {"limits": {"memory": memory}}}
        self.assertEqual(grpc_memory({}), str(2**27))
        self.assertEqual(grpc_memory({**limited("2Gi"), "maxmemoryPercent": 50}), str(2**29))
        self.assertEqual(grpc_memory(limited("64Mi")), str(2**24))  # the server's least
        self.assertEqual(grpc_memory(limited("2Ti")), str(2**36))  # and most
        self.assertEqual(grpc_memory({"settings": {"grpc-max-memory-bytes": "300mb"}}), "300mb")
        self.assertIsNone(grpc_memory(limited(None)))
        settings = {"grpc-max-message-bytes": "200mb", "grpc-max-memory-bytes": 209_715_200}
        self.assertEqual(grpc_memory({"settings": settings}), "209715200")
        for maxmemory, share in (("256mb", 3 * 2**27), (2**29, 2**28), ("1000MB", 2**24),
                                 ("500m", (2**30 - 500_000_000) // 2), ("2gb", 2**24), (0, 2**27)):
            with self.subTest(maxmemory=maxmemory):
                self.assertEqual(grpc_memory({"maxmemory": maxmemory}), str(share))

    def test_large_numbers_stay_whole(self):
        settings = {"maxclients": 1_000_000, "max-request-bytes": 68_719_476_736}
        variables = environment(objects({"settings": settings}))
        self.assertEqual(variables["DUET_MAXCLIENTS"], "1000000")
        self.assertEqual(variables["DUET_MAX_REQUEST_BYTES"], "68719476736")

    def test_fractions_stay_fractions(self):
        # helm's --set gives the text "0.5".
        for ratio, read in ((0.01, "0.01"), (0.00001, "1e-05"), (1, "1"), (0, "0"), ("0.5", "0.5")):
            variables = environment(objects({"settings": {"trace-sample-ratio": ratio}}))
            self.assertEqual(variables["DUET_TRACE_SAMPLE_RATIO"], read)

    def test_yes_is_yes(self):
        if "enable-debug-command" not in (CHART / "values.schema.json").read_text():
            self.skipTest("the server has no such setting yet")
        for said, read in (("local", "local"), (True, "yes"), (False, "no"), ("yes", "yes")):
            found = objects({"settings": {"enable-debug-command": said}})
            self.assertEqual(environment(found)["DUET_ENABLE_DEBUG_COMMAND"], read)

    def test_a_quantity_that_is_none(self):
        with self.assertRaises(Refused):
            objects({"resources": {"limits": {"memory": "much"}}})

    def test_the_grace_period_is_longer_than_the_drain(self):
        def of(**drain):
            found = objects({"drain": drain})
            return workload(found)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        self.assertEqual(of(), 5 + 20 + 5)
        self.assertEqual(of(delaySeconds=0, timeoutSeconds=0, marginSeconds=1), 1)
        self.assertEqual(of(delaySeconds=0.5, timeoutSeconds=60.5), 1 + 61 + 5)
        self.assertEqual(of(preStopSleepSeconds=15), 15 + 5 + 20 + 5)
        variables = environment(objects({"drain": {"delaySeconds": 0.5, "timeoutSeconds": 600}}))
        self.assertEqual((variables["DUET_DRAIN_DELAY"], variables["DUET_DRAIN_TIMEOUT"]),
                         ("500", "600000"))

    def test_secrets_are_files(self):
        found = objects({"auth": {"password": "open sesame"}})
        secret = one(found, "Secret")
        self.assertEqual(base64.b64decode(secret["data"]["password"]), b"open sesame")
        for each in found:
            if each is not secret:
                self.assertNotIn("open sesame", str(each))
        mounts = {each["name"]: each for each in container(found)["volumeMounts"]}
        self.assertEqual(mounts["secret"]["mountPath"] + "/password",
                         environment(found)["DUET_REQUIREPASS_FILE"])
        self.assertTrue(mounts["secret"]["readOnly"])

    def test_an_existing_secret(self):
        found = objects(file=values_files()["shards"])
        self.assertEqual([each for each in found if each["kind"] == "Secret"], [])
        volume = workload(found)["spec"]["template"]["spec"]["volumes"][0]["secret"]
        self.assertEqual((volume["secretName"], volume["items"]),
                         ("shards-password", [{"key": "redis.password", "path": "password"}]))

    def ports(self, found):
        """{name: (port of the container, of the Service, appProtocol)} of the doors."""
        own = {each["name"]: each["containerPort"] for each in container(found)["ports"]}
        service = one(found, "Service", "rel-duet")["spec"]["ports"]
        self.assertEqual({each["name"] for each in service}, set(own) - {"admin"})
        policy = one(found, "NetworkPolicy")["spec"]["ingress"][0]["ports"]
        self.assertEqual([each["port"] for each in policy], [each["name"] for each in service])
        for each in service:
            self.assertEqual(each["targetPort"], each["name"])
        headless = one(found, "Service", "rel-duet-headless")["spec"]["ports"]
        self.assertEqual([{**each, "nodePort": None} for each in service],
                         [{**each, "nodePort": None} for each in headless[:-1]])
        return {each["name"]: (own[each["name"]], each["port"], each["appProtocol"])
                for each in service}

    def test_tls_takes_the_usual_ports(self):
        found = objects({"tls": TLS})
        self.assertEqual(self.ports(found), {"resp-tls": (6379, 6379, "tls"),
                                             "grpc-tls": (50051, 50051, "https")})
        variables = environment(found)
        self.assertEqual({name: value for name, value in variables.items() if "PORT" in name},
                         {"DUET_RESP_PORT": "off", "DUET_GRPC_PORT": "off", "DUET_TLS_PORT": "6379",
                          "DUET_GRPC_TLS_PORT": "50051", "DUET_ADMIN_PORT": "9121"})
        self.assertEqual(variables["DUET_TLS_AUTH_CLIENTS"], "no")
        self.assertNotIn("DUET_TLS_CA_CERT_FILE", variables)
        self.assertFalse([name for name in environment(objects()) if "TLS" in name])

    def test_plaintext_may_stay(self):
        found = objects({"tls": {**TLS, "keepPlaintext": True}})
        self.assertEqual(self.ports(found), {
            "resp": (6379, 6379, "redis"), "resp-tls": (6380, 6380, "tls"),
            "grpc": (50051, 50051, "kubernetes.io/h2c"), "grpc-tls": (50052, 50052, "https")})
        variables = environment(found)
        self.assertEqual({name: value for name, value in variables.items() if "PORT" in name},
                         {"DUET_RESP_PORT": "6379", "DUET_GRPC_PORT": "50051",
                          "DUET_TLS_PORT": "6380", "DUET_GRPC_TLS_PORT": "50052",
                          "DUET_ADMIN_PORT": "9121"})
        # When plaintext goes, those who use TLS may stay at their port.
        moved = objects({"tls": TLS, "service": {"resp": {"port": 6380}}})
        self.assertEqual(self.ports(moved)["resp-tls"], (6379, 6380, "tls"))

    def test_a_door_that_is_closed_has_no_tls_either(self):
        for keep in (False, True):
            found = objects({"tls": {**TLS, "keepPlaintext": keep}, "grpc": {"enabled": False}})
            self.assertFalse([name for name in self.ports(found) if "grpc" in name])
            self.assertEqual(environment(found)["DUET_GRPC_PORT"], "off")
            self.assertNotIn("DUET_GRPC_TLS_PORT", environment(found))

    def test_the_certificate_is_a_directory(self):
        """Not single files, which the kubelet would not renew."""
        for who in ("no", "optional", "yes", False, True):
            with self.subTest(authClients=who):
                found = objects({"tls": {**TLS, "authClients": who, "certFilename": "mine.pem"}})
                mount = next(each for each in container(found)["volumeMounts"]
                             if each["name"] == "tls")
                self.assertEqual(mount, {"name": "tls", "mountPath": "/etc/duet/tls",
                                         "readOnly": True})
                volume = next(each["secret"] for each in
                              workload(found)["spec"]["template"]["spec"]["volumes"]
                              if each["name"] == "tls")
                self.assertEqual((volume["secretName"], volume["defaultMode"]), ("ours", 0o440))
                keys = {each["path"]: each["key"] for each in volume["items"]}
                variables = environment(found)
                asks = variables["DUET_TLS_AUTH_CLIENTS"] != "no"
                self.assertEqual(asks, who not in ("no", False))
                self.assertEqual(keys, {"tls.crt": "mine.pem", "tls.key": "tls.key"} |
                                 ({"ca.crt": "ca.crt"} if asks else {}))
                files = {value for name, value in variables.items()
                         if name.startswith("DUET_TLS_") and name.endswith("_FILE")}
                self.assertEqual(files, {f"/etc/duet/tls/{path}" for path in keys})

    def test_probes_and_metrics_stay_plain(self):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            get = container(objects({"tls": TLS}))[probe]["httpGet"]
            self.assertEqual((get["port"], get.get("scheme")), ("admin", None))

    def test_a_certificate_of_cert_manager(self):
        def of(values=None, **manager):
            manager = {"enabled": True, "issuerRef": {"name": "ours"}, **manager}
            return objects({"tls": {"enabled": True, "certManager": manager}, **(values or {})})
        found = of()
        spec = one(found, "Certificate")["spec"]
        self.assertEqual(spec["issuerRef"],
                         {"name": "ours", "kind": "Issuer", "group": "cert-manager.io"})
        volumes = workload(found)["spec"]["template"]["spec"]["volumes"]
        self.assertIn(spec["secretName"], [each["secret"]["secretName"] for each in volumes])
        for name in ("rel-duet", "rel-duet.ns.svc", "rel-duet-headless.ns.svc.cluster.local",
                     "localhost"):
            self.assertIn(name, spec["dnsNames"])
        self.assertEqual(spec["ipAddresses"], ["127.0.0.1", "::1"])
        self.assertEqual(spec["privateKey"], {"algorithm": "ECDSA", "rotationPolicy": "Always"})
        for absent in ("duration", "renewBefore", "commonName"):
            self.assertNotIn(absent, spec)
        # Pods with names of their own are named, and a Service that is not there is not.
        shards = {"kind": "StatefulSet", "replicas": 2, "independentReplicas": True}
        names = one(of(shards), "Certificate")["spec"]["dnsNames"]
        self.assertIn("*.rel-duet-headless.ns.svc", names)
        self.assertNotIn("rel-duet.ns.svc", names)
        public = one(of(serviceNames=False, dnsNames=["kv.example.com"]), "Certificate")["spec"]
        self.assertEqual(public["dnsNames"], ["kv.example.com"])
        self.assertNotIn("ipAddresses", public)
        named = of(secretName="other")
        self.assertEqual(one(named, "Certificate")["spec"]["secretName"], "other")

    def test_pods_are_restricted(self):
        """The rules of the Pod Security Standard "restricted", for the server and for the test."""
        for name, file in values_files().items():
            found = objects(file=file)
            pods = [workload(found)["spec"]["template"]["spec"]]
            pods += [each["spec"] for each in found if each["kind"] == "Pod"]
            if name == "bare":  # they are taken away there
                continue
            for pod in pods:
                security = pod["securityContext"]
                self.assertTrue(security["runAsNonRoot"])
                self.assertGreater(security["runAsUser"], 0)
                self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertFalse(pod["automountServiceAccountToken"])
                self.assertFalse(pod["enableServiceLinks"])
                self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(pod))
                for each in pod["containers"][:1]:
                    own = each["securityContext"]
                    self.assertIs(own["allowPrivilegeEscalation"], False)
                    self.assertIs(own["readOnlyRootFilesystem"], True)
                    self.assertEqual(own["capabilities"], {"drop": ["ALL"]})
                    self.assertIn("memory", each["resources"]["limits"])

    def test_services(self):
        found = objects()
        service, headless = one(found, "Service", "rel-duet"), one(found, "Service",
                                                                  "rel-duet-headless")
        protocols = {each["name"]: each["appProtocol"] for each in headless["spec"]["ports"]}
        self.assertEqual(protocols,
                         {"resp": "redis", "grpc": "kubernetes.io/h2c", "admin": "http"})
        self.assertEqual([each["name"] for each in service["spec"]["ports"]], ["resp", "grpc"])
        self.assertEqual(headless["spec"]["clusterIP"], "None")
        for each in (service, headless):
            self.assertEqual(each["spec"]["selector"].items() & workload(found)["spec"]["template"]
                             ["metadata"]["labels"].items(), each["spec"]["selector"].items())
        # Pods that do not share their keys are not behind one name.
        shards = objects(file=values_files()["shards"])
        self.assertEqual([each["metadata"]["name"] for each in shards if each["kind"] == "Service"],
                         ["rel-duet-headless"])

    def test_the_test_pod_is_not_behind_the_service(self):
        found = objects()
        selector = one(found, "Service", "rel-duet")["spec"]["selector"]
        labels = one(found, "Pod")["metadata"]["labels"]
        self.assertFalse(selector.items() <= labels.items())

    def test_network_policy(self):
        policy = one(objects(), "NetworkPolicy")["spec"]
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual(policy["egress"], [])
        doors, metrics = policy["ingress"]
        self.assertEqual([each["port"] for each in doors["ports"]], ["resp", "grpc"])
        self.assertEqual(doors["from"], [{"podSelector": {}}])
        self.assertEqual([each["port"] for each in metrics["ports"]], ["admin"])
        everybody = one(objects({"networkPolicy": {"clients": [{}], "metrics": []}}),
                        "NetworkPolicy")["spec"]["ingress"]
        self.assertEqual(len(everybody), 1)
        self.assertNotIn("from", everybody[0])

    def test_disabled_alerts(self):
        values = {"metrics": {"prometheusRule": {"enabled": True}}}
        def alerts(more):
            rule = one(objects({"metrics": {"prometheusRule": {"enabled": True, **more}}}),
                       "PrometheusRule")
            return {each["alert"]: each for group in rule["spec"]["groups"]
                    for each in group["rules"] if "alert" in each}
        every = alerts({})
        self.assertIn("DuetRestarted", every)
        self.assertEqual(set(every) - set(alerts({"disabledAlerts": ["DuetRestarted"]})),
                         {"DuetRestarted"})
        labelled = alerts({"alertLabels": {"team": "storage"}})
        self.assertTrue(all(each["labels"]["team"] == "storage" for each in labelled.values()))
        self.assertTrue(all("severity" in each["labels"] for each in labelled.values()))

    def test_long_names(self):
        found = objects({"fullnameOverride": "a" * 63})
        for each in found:
            self.assertLessEqual(len(each["metadata"]["name"]), 63)

    def test_notes_are_honest(self):
        self.assertIn("MEMORY ONLY", notes())
        self.assertIn("writes nothing to the volume", notes(file=values_files()["statefulset"]))
        self.assertNotIn("redis-cli", notes(file=values_files()["balancer"]))
        traced = {"settings": {"otlp-endpoint": "http://collector:4317"}}
        self.assertIn("no span reaches http://collector:4317", notes(traced))
        egress = {"networkPolicy": {"egress": [{"ports": [{"port": 4317}]}]}}
        for values in ({}, traced | egress, traced | {"networkPolicy": {"enabled": False}}):
            self.assertNotIn("no span", notes(values))


if __name__ == "__main__":
    unittest.main(verbosity=2)
