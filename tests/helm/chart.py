"""Renders the chart helm/duet with helm 3 and helm 4, for the tests of this folder.

DUET_HELM_TOOLS names the directory that install_tools.sh has filled (default: build/helm-tools).
"""
import functools
import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/duet"
TOOLS = pathlib.Path(os.environ.get("DUET_HELM_TOOLS", ROOT / "build/helm-tools"))
HELMS = ("helm3", "helm4")
KUBERNETES = tuple(f"1.{minor}.0" for minor in range(24, 35))
USUAL = "1.31.0"
RELEASE, NAMESPACE = "rel", "ns"
OPERATOR = "monitoring.coreos.com/v1"


class Refused(Exception):
    """What helm says of values that it does not take."""


def values_files():
    """The values that users might have, by name: ci/NAME-values.yaml."""
    return {path.name.removesuffix("-values.yaml"): path
            for path in sorted((CHART / "ci").glob("*-values.yaml"))}


def least_kubernetes(name):
    """The oldest minor version that the values ci/NAME-values.yaml are for."""
    return 30 if name == "prestop" else 24


def helm(version, *arguments, **options):
    """Output of a helm command; Refused where it fails."""
    home = str(TOOLS / "home")
    environment = {"PATH": os.environ["PATH"], "HOME": home, "HELM_CACHE_HOME": home,
                   "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home}
    done = subprocess.run([str(TOOLS / version), *arguments], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env=environment, check=False, **options)
    if done.returncode != 0:
        raise Refused(done.stderr)
    if done.stderr.strip():
        raise AssertionError(f"{version} {' '.join(arguments)} warns: {done.stderr}")
    return done.stdout


def render(values=None, *, file=None, kubernetes=USUAL, version="helm3", chart=CHART):
    """The text of all objects; `values` (a dict) go over those of `file`."""
    arguments = ["template", RELEASE, str(chart), "--namespace", NAMESPACE, "--kube-version",
                 kubernetes, "--api-versions", OPERATOR]
    if file:
        arguments += ["--values", str(file)]
    return helm(version, *arguments, "--values", "-", input=yaml.safe_dump(values or {}))


# libyaml's loader is ten times as fast as the one in Python.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.lru_cache(maxsize=1024)
def parsed(text):
    """The objects of a rendered text. Do not change them: they are kept."""
    return [each for each in yaml.load_all(text, LOADER) if each]


def objects(values=None, **options):
    return parsed(render(values, **options))


def one(found, kind, name=None):
    """The only object of this kind (and name)."""
    matching = [each for each in found if each["kind"] == kind and
                name in (None, each["metadata"]["name"])]
    assert len(matching) == 1, f"{len(matching)} objects {kind} {name or ''}"
    return matching[0]


def workload(found):
    return next(each for each in found if each["kind"] in ("Deployment", "StatefulSet"))


def container(found):
    return workload(found)["spec"]["template"]["spec"]["containers"][0]


def environment(found):
    """The server's variables from the ConfigMap."""
    return one(found, "ConfigMap", workload(found)["metadata"]["name"])["data"]


def notes(values=None, **options):
    """What `helm install` prints. `helm template` does not show NOTES.txt, so a copy of the chart
    puts its text into an object."""
    import shutil
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory, "duet")
        shutil.copytree(CHART, copy)
        (copy / "templates/shown-notes.yaml").write_text(
            'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shown-notes\n'
            'data:\n  text: {{ include "duet.notes" . | quote }}\n')
        return one(objects(values, chart=copy, **options), "ConfigMap", "shown-notes")["data"]["text"]
