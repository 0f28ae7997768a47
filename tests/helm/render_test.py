#!/usr/bin/env python3
"""Both helms lint the chart and render it alike, for every file of values and every Kubernetes.

    render_test.py [--update]     # writes golden/ instead of comparing
"""
import difflib
import re
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import yaml

from chart import (CHART, HELMS, KUBERNETES, USUAL, environment, helm, least_kubernetes, objects,
                   parsed, render, values_files)

GOLDEN = CHART.parents[1] / "tests/helm/golden"
RANDOM_PASSWORD = re.compile(r'(?<=^  password: ")[A-Za-z0-9+/=]{44}(?="$)', re.M)


def golden_text(text):
    """The objects as golden/ has them: what is random, or a file of its own, is only named."""
    found = yaml.safe_load_all(RANDOM_PASSWORD.sub("(random)", text))
    shown = []
    for each in found:
        if each["kind"] == "ConfigMap" and each["metadata"]["name"].endswith("-dashboard"):
            each["data"] = dict.fromkeys(each["data"], "(files/dashboard.json)")
        if each["kind"] == "PrometheusRule":
            for group in each["spec"]["groups"]:
                group["rules"] = [rule.get("alert") or rule["record"] for rule in group["rules"]]
        shown.append(each)
    return yaml.safe_dump_all(shown, sort_keys=False, width=100)


class Render(unittest.TestCase):
    def test_lint(self):
        for version in HELMS:
            for name, file in values_files().items():
                with self.subTest(version=version, values=name):
                    helm(version, "lint", "--strict", str(CHART), "--values", str(file),
                         "--kube-version", USUAL)

    def test_golden(self):
        for name, file in values_files().items():
            with self.subTest(values=name):
                text = golden_text(render(file=file))
                golden = GOLDEN / f"{name}.yaml"
                known = golden.read_text() if golden.exists() else ""
                difference = difflib.unified_diff(known.splitlines(), text.splitlines(),
                                                  f"golden/{name}.yaml", "rendered", lineterm="")
                self.assertEqual(known, text, "\n".join(difference) +
                                 "\nIf it is meant: tests/helm/render_test.py --update")

    def test_no_golden_file_is_left_over(self):
        self.assertEqual({path.stem for path in GOLDEN.glob("*.yaml")}, set(values_files()))

    def test_matrix(self):
        """Every version renders the same objects, but for what newer ones know more."""
        def rendered(case):
            name, file, kubernetes, version = case
            return case, RANDOM_PASSWORD.sub(
                "", render(file=file, kubernetes=kubernetes, version=version))

        cases = [(name, file, kubernetes, version) for name, file in values_files().items()
                 for kubernetes in KUBERNETES for version in HELMS
                 if int(kubernetes.split(".")[1]) >= least_kubernetes(name)]
        with ThreadPoolExecutor(2) as pool:
            texts = {(name, kubernetes, version): text for (name, _, kubernetes, version), text
                     in pool.map(rendered, cases)}
        for (name, kubernetes, version), text in texts.items():
            with self.subTest(values=name, kubernetes=kubernetes, version=version):
                self.assertEqual(text, texts[name, kubernetes, "helm3"])
                old = int(kubernetes.split(".")[1]) < 27
                self.assertEqual("unhealthyPodEvictionPolicy" in text,
                                 not old and "PodDisruptionBudget" in text)
                self.assertEqual("persistentVolumeClaimRetentionPolicy" in text,
                                 not old and "volumeClaimTemplates" in text)

    def test_names_are_unique_and_in_the_namespace(self):
        for name, file in values_files().items():
            found = objects(file=file)
            names = [(each["kind"], each["metadata"]["name"]) for each in found]
            self.assertEqual(len(set(names)), len(names), name)
            for each in found:
                if each["metadata"]["name"] not in ("rel-extra", "rel-text"):  # extraObjects
                    self.assertIn(each["metadata"]["namespace"], ("ns", "monitoring"), each)

    def test_a_packaged_chart_renders_the_same(self):
        import tempfile
        with tempfile.TemporaryDirectory() as directory:
            helm("helm3", "package", str(CHART), "--destination", directory)
            file = values_files()["everything"]
            self.assertEqual(render(file=file, chart=f"{directory}/duet-0.1.0.tgz"),
                             render(file=file))

    def test_a_changed_setting_restarts_the_pods(self):
        def checksum(values):
            pod = next(each for each in objects(values) if each["kind"] == "Deployment")
            return pod["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        self.assertEqual(checksum({}), checksum({"service": {"labels": {"a": "b"}}}))
        self.assertNotEqual(checksum({}), checksum({"settings": {"maxclients": 10}}))

    def test_random_passwords_differ(self):
        first, second = (parsed(render()) for _ in range(2))
        self.assertEqual(environment(first), environment(second))
        secrets = [[each["data"] for each in found if each["kind"] == "Secret"]
                   for found in (first, second)]
        self.assertNotEqual(*secrets)


def update():
    GOLDEN.mkdir(exist_ok=True)
    for name, file in values_files().items():
        (GOLDEN / f"{name}.yaml").write_text(golden_text(render(file=file)))


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        unittest.main(verbosity=2)
