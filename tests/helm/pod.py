"""Runs what the chart's pods would run: the server with the environment of the ConfigMap and the files
of the Secrets, the script of `helm test`, and the commands of NOTES.txt (with a kubectl of our own,
since there is no cluster)."""
import base64
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from chart import TOOLS, container, environment, one, workload  # noqa: E402
from harness import Duet  # noqa: E402

# Stands for the cluster: knows the Secrets, and that everything else went well.
KUBECTL = """#!/bin/sh
case "$*" in
  *" get secret "*)
    shift 4
    key=${3#*.data.}
    base64 -w 0 "$SECRETS/$1/$(echo "${key%\\}}" | tr -d '\\\\')" ;;
  *" wait "*"--for=condition=Ready"* | *" rollout status "*) echo "condition met" ;;
  *) echo "kubectl: not known here: $*" >&2; exit 1 ;;
esac
"""


def secrets_of(found):
    """{name: {key: bytes}} of the Secrets that the chart makes."""
    return {each["metadata"]["name"]: {key: base64.b64decode(value)
                                       for key, value in each.get("data", {}).items()}
            for each in found if each["kind"] == "Secret"}


def mount(directory, files):
    """Shows files as the kubelet shows a Secret: each is a link into ..data, which is a link to this
    version of all of them. What is there already is replaced at one instant."""
    directory.mkdir(parents=True, exist_ok=True)
    version = pathlib.Path(tempfile.mkdtemp(prefix="..version-", dir=directory))
    for name, data in files.items():
        (version / name).write_bytes(data)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")
    link = directory / "..data_tmp"
    link.symlink_to(version.name)
    link.rename(directory / "..data")


def sources(volume):
    """The Secrets of a volume: one, or several projected ones."""
    if "secret" in volume:
        return [{**volume["secret"], "name": volume["secret"]["secretName"]}]
    return [each["secret"] for each in volume.get("projected", {}).get("sources", [])]


def mount_secrets(pod, root, secrets):
    """Mounts what the pod's first container sees of `secrets`, below `root`."""
    volumes = {each["name"]: each for each in pod.get("volumes", [])}
    for each in pod["containers"][0].get("volumeMounts", []):
        files = {item["path"]: secrets[source["name"]][item["key"]]
                 for source in sources(volumes.get(each["name"], {})) for item in source["items"]
                 if item["key"] in secrets[source["name"]] or not source.get("optional")}
        if files:
            mount(pathlib.Path(root, each["mountPath"][1:]), files)


class Pod:
    """The first container of the workload, on free ports and with its Secrets below `root`.

    `secrets` has those that the chart does not make; a change shows after renew(). After start(),
    `server` is a harness.Duet; its doors are the container's ports, by name."""

    def __init__(self, found, root, secrets=None):
        self.found, self.root = found, str(root)
        self.secrets = secrets_of(found) | (secrets or {})

    def renew(self):
        mount_secrets(workload(self.found)["spec"]["template"]["spec"], self.root, self.secrets)

    def start(self):
        self.renew()
        variables = {name: self.root + value if value.startswith("/etc/duet/") else value
                     for name, value in environment(self.found).items()}
        variables["DUET_DRAIN_DELAY"] = "0"  # the test has no balancer that needs time
        ports = {name.removeprefix("DUET_").lower().replace("_", "-"): value
                 for name, value in variables.items() if name.endswith("_PORT")}
        flags = [f"--{name}={'off' if value == 'off' else 0}" for name, value in ports.items()]
        self.server = Duet(*flags, *container(self.found).get("args", []), ports=False,
                           variables=variables)
        names = {each["name"] for each in container(self.found)["ports"]}
        assert set(self.server.addresses) == names, f"{self.server.addresses} are not {names}"
        return self.server

    def _port(self, kind):
        """{port that the chart names: where it is here}. `kind` of port: port, targetPort."""
        service = one(self.found, "Service", workload(self.found)["metadata"]["name"])
        own = {each["name"]: each["containerPort"] for each in container(self.found)["ports"]}
        ports = {own[each["targetPort"]] if kind == "targetPort" else each["port"]:
                 self.server.addresses[each["name"]][1] for each in service["spec"]["ports"]}
        return {str(port): str(here) for port, here in ports.items()} | {
            "9121": str(self.server.admin[1])}

    def run_test(self, **variables):
        """The script of `helm test`, with busybox's tools as in its image (an Alpine)."""
        pod = one(self.found, "Pod")["spec"]
        root = pathlib.Path(self.root, "test")
        mount_secrets(pod, root, self.secrets)
        tools = self._tools("busybox", {"redis-cli": "/usr/bin/redis-cli"} | dict.fromkeys(
            ("sh", "nc", "wget", "grep", "cut", "timeout"), "/bin/busybox"))
        command = pod["containers"][0]["command"]
        ports = self._port("port")
        script = re.sub(r"(?m)((?:^port=|\$PODS:))(\d+)",
                        lambda match: match[1] + ports[match[2]], command[-1])
        script = script.replace("/etc/duet/", f"{root}/etc/duet/")
        return subprocess.run(
            [f"{tools}/sh", *command[1:-1], script], text=True, check=False, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": tools, "SERVICE": "127.0.0.1", "PODS": "127.0.0.1", **variables})

    def run_notes(self, text, **files):
        """(port-forwards, result) of the commands in NOTES.txt; they find `files` where they run."""
        for name, secret in self.secrets.items():
            directory = pathlib.Path(self.root, "secrets", name)
            directory.mkdir(parents=True, exist_ok=True)
            for key, data in secret.items():
                (directory / key).write_bytes(data)
        for name, data in files.items():
            pathlib.Path(self.root, name.replace("_", ".")).write_bytes(data)
        tools = self._tools("bin", {
            "buf": TOOLS.resolve() / "node_modules/@bufbuild/buf-linux-x64/bin/buf"})
        pathlib.Path(tools, "kubectl").write_text(KUBECTL)
        pathlib.Path(tools, "kubectl").chmod(0o755)
        commands = [line.strip() for line in text.splitlines()
                    if re.match("  (kubectl|export|redis-cli|buf|curl|helm) ", line)]
        forwards = [each for each in commands if "port-forward" in each]
        script = "\n".join(each for each in commands
                           if each not in forwards and not each.startswith("helm "))
        # What kubectl forwards is on other ports here.
        ports = self._port("targetPort")
        script = re.sub(r"(?<= -p )(\d+)|(?<=//127\.0\.0\.1:)(\d+)",
                        lambda match: ports[match[0]], script)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], text=True, check=False, cwd=self.root,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": f"{tools}:{os.environ['PATH']}", "HOME": self.root,
                 "SECRETS": f"{self.root}/secrets"})
        assert done.returncode == 0, script + "\n" + done.stdout
        return forwards, done.stdout

    def _tools(self, name, links):
        directory = pathlib.Path(self.root, name)
        directory.mkdir(exist_ok=True)
        for link, target in links.items():
            if not (directory / link).is_symlink():
                (directory / link).symlink_to(target)
        return str(directory)
