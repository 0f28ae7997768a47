#!/usr/bin/env python3
"""What the chart would run is run: the server with the environment of the ConfigMap and the password
of the Secret, the script of `helm test`, and the commands of NOTES.txt (with a kubectl of our own,
since there is no cluster)."""
import base64
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from chart import (TOOLS, container, environment, notes, objects, one, parsed,  # noqa: E402
                   render, values_files, workload)
from harness import BINARY, DOORS, Duet, RespError, http_get  # noqa: E402

# Stands for the cluster: knows the Secret, and that everything else went well.
KUBECTL = """#!/bin/sh
case "$*" in
  *"get secret"*) printf %s "$SECRET_DATA" ;;
  *" wait "*"--for=condition=Ready"*) echo "condition met" ;;
  *) echo "kubectl: not known here: $*" >&2; exit 1 ;;
esac
"""


def server_of(found, directory):
    """The server as its pod would run it, but on free ports and with the Secret elsewhere."""
    variables = dict(environment(found))
    if "DUET_REQUIREPASS_FILE" in variables:
        file = pathlib.Path(directory, "password")
        secret = one(found, "Secret", workload(found)["metadata"]["name"])
        file.write_bytes(base64.b64decode(next(iter(secret["data"].values()))))
        variables["DUET_REQUIREPASS_FILE"] = str(file)
    variables["DUET_DRAIN_DELAY"] = "0"  # the test has no balancer that needs time
    flags = [f"--{door}-port=0" for door in DOORS]
    arguments = container(found).get("args", [])
    return Duet(*flags, *arguments, ports=False, variables=variables)


class Run(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory())

    def start(self, found):
        return self.enterContext(server_of(found, self.directory))

    def password(self):
        return pathlib.Path(self.directory, "password").read_text()

    def test_the_pod_starts_and_is_ready(self):
        for name in ("default", "everything", "statefulset", "prestop"):
            with self.subTest(values=name):
                found = objects(file=values_files()[name])
                server = self.start(found)
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    path = container(found)[probe]["httpGet"]["path"]
                    self.assertEqual(http_get(server.admin, path)[0], 200)
                with server.connect() as client:
                    with self.assertRaisesRegex(RespError, "NOAUTH"):
                        client.call("GET", "key")
                    self.assertEqual(client.call("AUTH", self.password()), "OK")
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
            variables.pop("DUET_REQUIREPASS_FILE", None)  # there is no such file here
            done = subprocess.run([BINARY, "--check-config"], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables)
            self.assertEqual(done.returncode, 0, f"{name}: {done.stdout}")

    def test_helm_test(self):
        """The script runs with busybox's tools, as in its image (an Alpine)."""
        found = parsed(render({"auth": {"password": "open sesame"}}))
        server = self.start(found)
        pod = one(objects({"auth": {"password": "open sesame"}, "service": {
            "resp": {"port": server.resp[1]}, "grpc": {"port": server.grpc[1]}}}), "Pod")
        command = pod["spec"]["containers"][0]["command"]
        script = command[-1].replace(":9121", f":{server.admin[1]}")
        tools = pathlib.Path(self.directory, "bin")
        tools.mkdir()
        for tool in ("sh", "nc", "wget", "grep", "cut", "echo", "timeout"):
            (tools / tool).symlink_to("/bin/busybox")
        (tools / "redis-cli").symlink_to("/usr/bin/redis-cli")

        def run(password):
            return subprocess.run(
                [tools / "sh", *command[1:-1], script], text=True, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={"PATH": str(tools), "SERVICE": "127.0.0.1", "PODS": "127.0.0.1",
                     "REDISCLI_AUTH": password})

        done = run("open sesame")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.endswith("redis_up 1\nall is well\n"), done.stdout)
        done = run("another")
        self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_commands_of_the_notes(self):
        found = parsed(render(file=values_files()["statefulset"]))
        server = self.start(found)
        text = notes(file=values_files()["statefulset"])
        tools = pathlib.Path(self.directory, "bin")
        tools.mkdir()
        (tools / "kubectl").write_text(KUBECTL)
        (tools / "kubectl").chmod(0o755)
        (tools / "buf").symlink_to(
            TOOLS.resolve() / "node_modules/@bufbuild/buf-linux-x64/bin/buf")
        commands = [line.strip() for line in text.splitlines()
                    if re.match("  (kubectl|export|redis-cli|buf|curl|helm) ", line)]
        forwards = [each for each in commands if "port-forward" in each]
        self.assertEqual([shlex.split(each)[3:] for each in forwards],
                         [["port-forward", "service/store", "6379:6379", "50051:50051"],
                          ["port-forward", "statefulset/store", "9121:9121"]])
        script = "\n".join(each for each in commands
                           if each not in forwards and not each.startswith("helm "))
        # What kubectl forwards is on other ports here.
        for door, port in (("resp", 6379), ("grpc", 50051), ("admin", 9121)):
            script = script.replace(str(port), str(server.addresses[door][1]))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": f"{tools}:{os.environ['PATH']}", "HOME": self.directory,
                 "SECRET_DATA": one(found, "Secret")["data"]["password"]})
        self.assertEqual(done.returncode, 0, script + "\n" + done.stdout)
        self.assertIn("http://127.0.0.1:9121/:", text)
        self.assertEqual(http_get(server.admin, "/")[0], 200)
        for expected in ("condition met\nOK\nhello\n", '"simpleString": "PONG"',
                         "\nredis_up 1\n"):
            self.assertIn(expected, done.stdout, script)

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
