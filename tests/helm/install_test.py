#!/usr/bin/env python3
"""helm 3 and helm 4 install, upgrade, roll back and uninstall the chart, at a stand-in for a cluster
that only keeps objects."""
import base64
import unittest

from chart import CHART, HELMS, NAMESPACE, RELEASE, helm, notes, objects, values_files
from stand_in import Cluster


class Install(unittest.TestCase):
    def cluster(self, version):
        cluster = self.enterContext(Cluster())

        def run(command, *arguments):
            # The stand-in has no schemas; objects_test.py does better than they would.
            more = ["--disable-openapi-validation"] if command in ("install", "upgrade") else []
            return helm(version, command, *arguments, *more, "--namespace", NAMESPACE,
                        "--kubeconfig", cluster.kubeconfig)
        return cluster, run

    def kept(self, cluster):
        """What is there beside helm's own records."""
        return {key for key in cluster.objects if not key[2].startswith("sh.helm.release")}

    def made(self, **options):
        """What the chart makes, but for the hooks."""
        return {(each["kind"], NAMESPACE, each["metadata"]["name"]) for each in objects(**options)
                if "helm.sh/hook" not in each["metadata"].get("annotations", {})}

    def password(self, cluster):
        return base64.b64decode(cluster.objects["Secret", NAMESPACE, "rel-duet"]["data"]["password"])

    def test_life_of_a_release(self):
        for version in HELMS:
            with self.subTest(version=version):
                cluster, run = self.cluster(version)
                printed = run("install", RELEASE, str(CHART))
                self.assertIn(notes().strip(), printed)
                self.assertEqual(self.kept(cluster), self.made())
                password = self.password(cluster)
                self.assertRegex(password, rb"^[A-Za-z0-9]{32}$")

                # An upgrade keeps the random password, also when it changes something else.
                run("upgrade", RELEASE, str(CHART), "--set", "settings.maxclients=77")
                config = cluster.objects["ConfigMap", NAMESPACE, "rel-duet"]["data"]
                self.assertEqual(config["DUET_MAXCLIENTS"], "77")
                self.assertEqual(self.password(cluster), password)
                run("rollback", RELEASE, "1")
                config = cluster.objects["ConfigMap", NAMESPACE, "rel-duet"]["data"]
                self.assertNotIn("DUET_MAXCLIENTS", config)
                self.assertEqual(self.password(cluster), password)
                run("upgrade", RELEASE, str(CHART), "--set", "auth.password=mine")
                self.assertEqual(self.password(cluster), b"mine")

                run("uninstall", RELEASE)
                self.assertEqual(self.kept(cluster), set())

    def test_other_values(self):
        for version in HELMS:
            for name in ("statefulset", "shards", "bare", "balancer", "tls-cert-manager"):
                with self.subTest(version=version, values=name):
                    cluster, run = self.cluster(version)
                    file = values_files()[name]
                    printed = run("install", RELEASE, str(CHART), "--values", str(file))
                    self.assertIn(notes(file=file).strip(), printed)
                    self.assertEqual(self.kept(cluster), self.made(file=file))


if __name__ == "__main__":
    unittest.main(verbosity=2)
