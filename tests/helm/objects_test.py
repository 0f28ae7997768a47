#!/usr/bin/env python3
"""Every object that the chart renders has the types and only the fields that Kubernetes knows."""
import copy
import json
import pathlib
import subprocess
import tempfile
import unittest

from chart import KUBERNETES, TOOLS, least_kubernetes, objects, one, render, values_files

SCRIPT = pathlib.Path(__file__).with_name("validate.mjs")


def validate(entries):
    """(exit code, output) of validate.mjs for [{where, object}]."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(entries, file)
        file.flush()
        done = subprocess.run(["node", str(SCRIPT), str(TOOLS), file.name], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Objects(unittest.TestCase):
    def test_all(self):
        """Of all values and versions; what several of them share is looked at once."""
        entries = {}
        for name, file in values_files().items():
            for kubernetes in KUBERNETES:
                if int(kubernetes.split(".")[1]) < least_kubernetes(name):
                    continue
                for each in objects(file=file, kubernetes=kubernetes):
                    where = f"{name}, Kubernetes {kubernetes}, {each['metadata']['name']}"
                    entries.setdefault(json.dumps(each, sort_keys=True),
                                       {"where": where, "object": each})
        self.assertGreater(len(entries), 60)
        code, output = validate(list(entries.values()))
        self.assertEqual(code, 0, output)

    def test_the_validator_sees_faults(self):
        found = [each for name in ("monitoring", "tls-cert-manager")
                 for each in objects(file=values_files()[name])]

        def first_container(spec):
            return spec["template"]["spec"]["containers"][0]

        def endpoint(spec):
            return spec["endpoints"][0]

        # A kind, what is done to its spec, and a word of the complaint.
        faults = {
            "field": ("Deployment", lambda spec: first_container(spec).update(livnessProbe={}),
                      "livnessProbe"),
            "type": ("Deployment", lambda spec: spec.update(replicas="one"), "replicas"),
            "missing": ("Deployment", lambda spec: spec.pop("selector"), "selector"),
            "format": ("ServiceMonitor", lambda spec: endpoint(spec).update(interval="soon"),
                       "interval"),
            "crd": ("ServiceMonitor", lambda spec: endpoint(spec).update(intervall="15s"),
                    "intervall"),
            "certificate": ("Certificate", lambda spec: spec.update(dnsName="localhost"), "dnsName"),
            "usage": ("Certificate", lambda spec: spec["usages"].append("server"), "usages"),
        }
        entries = []
        for name, (kind, change, _) in faults.items():
            entries.append({"where": name, "object": copy.deepcopy(one(found, kind))})
            change(entries[-1]["object"]["spec"])
        code, output = validate(entries)
        self.assertEqual(code, 1, output)
        for name, (_, _, word) in faults.items():
            self.assertRegex(output, rf"(?m)^{name}: .*{word}")

    def test_nothing_is_rendered_twice_within_a_map(self):
        """YAML would take the last of two equal keys in silence."""
        import yaml

        class Strict(yaml.SafeLoader):
            """Refuses a key that is there already."""

            def construct_mapping(self, node, deep=False):
                keys = [self.construct_object(key) for key, _ in node.value]
                assert len(keys) == len(set(keys)), f"{node.start_mark}: a key twice in {keys}"
                return super().construct_mapping(node, deep)

        for file in values_files().values():
            for _ in yaml.load_all(render(file=file), Strict):
                pass


if __name__ == "__main__":
    unittest.main(verbosity=2)
