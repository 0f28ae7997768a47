#!/usr/bin/env python3
"""The image's root (deploy/image_root.sh) around the server that was built, run as a container is.

replay_dockerfile.py does the same after all steps of the Dockerfile, in a bare Debian.
"""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

import yaml

import dockerfile
from container import Container, may_run

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from harness import BINARY, SANITIZED, http_get  # noqa: E402

# A server that grows beyond this has taken in something large.
MEGABYTES = 45


class Files(unittest.TestCase):
    """What Dockerfile, compose and chart say of the same things."""

    def setUp(self):
        self.build, self.image = dockerfile.stages()
        self.compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())

    def test_the_image(self):
        self.assertEqual((self.build.base, self.image.base), ("debian:12", "scratch"))
        self.assertEqual(self.image.settings["EXPOSE"].split(), ["6379", "50051", "9121"])
        self.assertEqual(self.image.settings["STOPSIGNAL"], "SIGTERM")

    def test_the_chart_runs_as_the_image_does(self):
        values = yaml.safe_load((ROOT / "helm/duet/values.yaml").read_text())
        security = values["podSecurityContext"]
        self.assertEqual((security["runAsUser"], security["runAsGroup"]), dockerfile.user())

    def test_files_that_are_mounted_exist(self):
        for name, service in self.compose["services"].items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                self.assertTrue((ROOT / "deploy" / source).exists(), f"{name}: {source}")

    def test_the_servers_flags(self):
        text = subprocess.run([BINARY, "--help"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
        for flag in self.compose["services"]["duet"]["command"]:
            self.assertIn(f"  {flag.split('=')[0]} ", text)
        for name in self.image.environment:
            self.assertIn("  --" + name.removeprefix("DUET_").lower().replace("_", "-"), text)

    def test_prometheus_takes_its_configuration(self):
        done = subprocess.run(["promtool", "check", "config",
                               str(ROOT / "deploy/prometheus/prometheus.yml")], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        configuration = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        target, = configuration["scrape_configs"][0]["static_configs"][0]["targets"]
        host, port = target.split(":")
        self.assertIn(host, self.compose["services"])
        self.assertIn(port, self.image.settings["EXPOSE"].split())

    def test_grafana_finds_the_dashboard_and_prometheus(self):
        provisioning = ROOT / "deploy/grafana/provisioning"
        path = yaml.safe_load((provisioning / "dashboards/duet.yaml").read_text())[
            "providers"][0]["options"]["path"]
        mounted = [each.split(":")[1] for each in self.compose["services"]["grafana"]["volumes"]]
        self.assertTrue(any(each.startswith(path + "/") for each in mounted))
        source, = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())[
            "datasources"]
        host = source["url"].removeprefix("http://").split(":")[0]
        self.assertIn(host, self.compose["services"])


def looks_right(case, root):
    """What must hold of the image's root."""
    size = 0
    uid, gid = dockerfile.user()
    for directory, _, names in os.walk(root):
        for name in names:
            path = pathlib.Path(directory, name)
            status = path.lstat()
            size += status.st_size
            case.assertFalse(status.st_mode & (stat.S_ISUID | stat.S_ISGID), path)
            case.assertNotEqual(status.st_uid, uid, path)
            if not path.is_symlink():
                case.assertFalse(status.st_mode & stat.S_IWOTH, path)
    case.assertLess(size, MEGABYTES << 20)
    programs = [path.name for path in pathlib.Path(root, "usr/bin").iterdir()]
    case.assertEqual(programs, ["duet-server"])
    case.assertIn(f"duet:x:{uid}:{gid}:", pathlib.Path(root, "etc/passwd").read_text())
    # Each library has a package that a scanner can look up, and a licence.
    packages = pathlib.Path(root, "var/lib/dpkg/status.d")
    for package in packages.iterdir():
        case.assertIn(f"Package: {package.name}\n", package.read_text())
        case.assertTrue(pathlib.Path(root, "usr/share/doc", package.name, "copyright").exists())
    case.assertIn("libc6", [package.name for package in packages.iterdir()])


def runs_right(case, root):
    """A container of it works, as the image's user, on a root that cannot be written."""
    with Container(root) as server:
        status = server.status()
        uid, gid = dockerfile.user()
        case.assertEqual(status["Uid"].split(), [str(uid)] * 4)
        case.assertEqual(status["Gid"].split(), [str(gid)] * 4)
        case.assertEqual((int(status["CapEff"], 16), status["NoNewPrivs"]), (0, "1"))
        case.assertEqual(status["NSpid"].split()[-1], "1")
        mounts = pathlib.Path(f"/proc/{server.server_pid}/mounts").read_text().splitlines()
        options = next(line.split()[3] for line in mounts if line.split()[1] == "/")
        case.assertIn("ro", options.split(","))
        # On all addresses, since nothing outside would reach another.
        case.assertEqual(server.addresses["resp"][0], "0.0.0.0")
        for path in ("/livez", "/readyz", "/metrics"):
            case.assertEqual(http_get(("127.0.0.1", server.admin[1]), path)[0], 200)
        with server.connect() as client:
            case.assertEqual(client.call("SET", "key", "value"), "OK")
            case.assertEqual(client.call("GET", "key"), b"value")
    case.assertLess(server.lines.index("draining"), server.lines.index("done"))


@unittest.skipIf(SANITIZED, "the sanitizers' libraries are not for images")
class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = os.path.join(cls.enterClassContext(tempfile.TemporaryDirectory()), "root")
        subprocess.run([str(ROOT / "deploy/image_root.sh"), BINARY, cls.root], check=True)

    def test_root(self):
        looks_right(self, self.root)

    @unittest.skipUnless(may_run(), "only root makes namespaces")
    def test_container(self):
        runs_right(self, self.root)


if __name__ == "__main__":
    unittest.main(verbosity=2)
