#!/usr/bin/env python3
"""What the chart would run is run (pod.py): the server, the script of `helm test`, the commands of
NOTES.txt. With TLS it is in run_tls_test.py."""
import re
import shlex
import subprocess
import tempfile
import unittest

from chart import container, environment, notes, objects, one, values_files, workload
from pod import Pod  # with tests/e2e in the path
from harness import BINARY, RespError, http_get


class Run(unittest.TestCase):
    def pod(self, found):
        """A pod that runs until the test ends."""
        pod = Pod(found, self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(pod.start())
        return pod

    def test_the_pod_starts_and_is_ready(self):
        for name in ("default", "everything", "statefulset", "prestop"):
            with self.subTest(values=name):
                found = objects(file=values_files()[name])
                pod = self.pod(found)
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    path = container(found)[probe]["httpGet"]["path"]
                    self.assertEqual(http_get(pod.server.admin, path)[0], 200)
                [password] = pod.secrets[workload(found)["metadata"]["name"]].values()
                with pod.server.connect() as client:
                    with self.assertRaisesRegex(RespError, "NOAUTH"):
                        client.call("GET", "key")
                    self.assertEqual(client.call("AUTH", password), "OK")
                    variables = environment(found)
                    for setting, variable in (("io-threads", "DUET_THREADS"),
                                              ("maxclients", "DUET_MAXCLIENTS")):
                        if variable in variables:
                            self.assertEqual(client.call("CONFIG", "GET", setting),
                                             [setting.encode(), variables[variable].encode()])

    def test_the_server_takes_every_environment(self):
        """Also of pods that cannot run here."""
        for name, file in values_files().items():
            variables = environment(objects(file=file))
            variables.pop("DUET_REQUIREPASS_FILE", None)  # the only file that is read for this
            done = subprocess.run([BINARY, "--check-config"], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables)
            self.assertEqual(done.returncode, 0, f"{name}: {done.stdout}")

    def test_a_small_pod_starts(self):
        pod = self.pod(objects({"resources": {"limits": {"memory": "256Mi"}},
                                "auth": {"enabled": False}}))
        with pod.server.connect() as client:
            for setting, expected in (("maxmemory", 3 * 2**26), ("grpc-max-memory-bytes", 2**25),
                                      ("grpc-max-message-bytes", 2**25)):
                self.assertEqual(int(client.call("CONFIG", "GET", setting)[1]), expected)

    def test_helm_test(self):
        pod = self.pod(objects({"auth": {"password": "open sesame"}}))
        done = pod.run_test(REDISCLI_AUTH="open sesame")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.endswith("redis_up 1\nall is well\n"), done.stdout)
        done = pod.run_test(REDISCLI_AUTH="another")
        self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_commands_of_the_notes(self):
        pod = self.pod(objects(file=values_files()["statefulset"]))
        text = notes(file=values_files()["statefulset"])
        forwards, output = pod.run_notes(text)
        self.assertEqual([shlex.split(each)[3:] for each in forwards],
                         [["port-forward", "service/store", "6379:6379", "50051:50051"],
                          ["port-forward", "statefulset/store", "9121:9121"]])
        self.assertIn("http://127.0.0.1:9121/:", text)
        self.assertEqual(http_get(pod.server.admin, "/")[0], 200)
        for expected in ("condition met\nOK\nhello\n", '"simpleString": "PONG"',
                         "\nredis_up 1\n"):
            self.assertIn(expected, output)

    def test_names_of_the_notes_exist(self):
        """Every object, port and key that the commands name is one that the chart makes."""
        for name, file in values_files().items():
            text, found = notes(file=file), objects(file=file)
            made = {(each["kind"].lower(), each["metadata"]["name"]) for each in found}
            if workload(found)["kind"] == "StatefulSet":
                made.add(("pod", workload(found)["metadata"]["name"] + "-0"))
            for kind, target in re.findall(r"\b(service|deployment|statefulset|pod)/([\w-]+)", text):
                self.assertIn((kind, target), made, name)
            for target, port in re.findall(r"([\w-]+)\.ns\.svc:(\d+)", text):
                ports = [each["port"] for each in one(found, "Service", target)["spec"]["ports"]]
                self.assertIn(int(port), ports + [6379, 50051], name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
