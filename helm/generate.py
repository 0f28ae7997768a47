#!/usr/bin/python3
"""Writes the parts of the chart that follow from others:

    helm/generate.py [--check] [--server BINARY]

- README.md: the table of values, from the comments in values.yaml (those that begin with `--`).
- files/: the rules of deploy/prometheus and the dashboard of deploy/grafana, since a chart reads no
  file outside of itself.
- values.schema.json: the settings, from the server's --help; only with --server.

--check writes nothing: it names what is out of date, and ends with 1.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parent / "duet"
DEPLOY = CHART.parents[1] / "deploy"
COPIES = {"files/duet.rules.yml": DEPLOY / "prometheus/duet.rules.yml",
          "files/dashboard.json": DEPLOY / "grafana/dashboard.json"}
TABLE = re.compile(r"(?<=<!-- values:begin -->\n).*?(?=<!-- values:end -->)", re.S)

# Settings that other values of the chart decide.
DECIDED = {"bind", "resp-port", "grpc-port", "admin-port", "threads", "maxmemory", "drain-delay",
           "drain-timeout", "requirepass", "requirepass-file", "tls-port", "grpc-tls-port",
           "tls-cert-file", "tls-key-file", "tls-ca-cert-file", "tls-auth-clients"}


def documented(text):
    """(path, comment) of each key of values.yaml that has one; a path is a tuple of keys."""
    parents, comment = [], None
    for line in text.splitlines():
        if match := re.match(r" *# -- (.*)", line):
            comment = [match[1]]
        elif comment and (match := re.match(r" *# (.*)", line)):
            comment.append(match[1])
        elif match := re.match(r"( *)([\w.-]+):", line):
            depth = len(match[1]) // 2
            parents[depth:] = [match[2]]
            if comment:
                yield tuple(parents), " ".join(comment)
            comment = None


def leaves(values, path=()):
    """Paths of all values that are not maps with keys."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, path + (key,))
        else:
            yield path + (key,)


def undocumented(text):
    """Paths of the values that have no comment, nor are part of one that has."""
    known = {path for path, _ in documented(text)}
    return [".".join(path) for path in leaves(yaml.safe_load(text))
            if not any(path[:end] in known for end in range(1, len(path) + 1))]


def table(text):
    """The table of values, in Markdown."""
    values = yaml.safe_load(text)
    lines = ["| value | default | |", "|---|---|---|"]
    for path, comment in documented(text):
        value = values
        for key in path:
            value = value[key]
        default = json.dumps(value).replace("|", "\\|")
        lines.append(f"| `{'.'.join(path)}` | `{default}` | {comment} |")
    return "\n".join(lines) + "\n"


def settings(help_text):
    """{name: meaning} of the server's settings: the flags that have a default."""
    found = re.findall(r"^  --([\w-]+) \(default .*\)\n((?:      .+\n)+)", help_text, re.M)
    return {name: " ".join(meaning.split()) for name, meaning in found}


def setting_schema(meaning):
    """What JSON schema can say of a setting, from the sentence that --help has of its bounds."""
    schema = {"description": meaning}
    if match := re.search(r"A whole number from (-?\d+) to (\d+)\.", meaning):
        schema |= {"type": "integer", "minimum": int(match[1])}
        if int(match[2]) < 2**53:  # YAML's numbers are floats in Helm
            schema["maximum"] = int(match[2])
    elif match := re.search(r"A number from (\d+) to (\d+)\.", meaning):
        schema |= {"type": ["number", "string"], "minimum": int(match[1]), "maximum": int(match[2]),
                   "pattern": r"^[0-9]*\.?[0-9]+$"}  # a text: helm --set makes no fractions
    elif "A size from " in meaning:
        schema |= {"type": ["integer", "string"], "minimum": 0,
                   "pattern": "^[0-9]+([bB]|[kKmMgG][bB]?)?$"}
    elif "A time from " in meaning:
        schema |= {"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+(ms|s|m)?$"}
    elif "host:port, http://host:port or unix:/path" in meaning:
        schema |= {"type": "string", "pattern": "^(|(http://)?[^/ ]+:[0-9]+/?|unix:/.+)$"}
    elif match := re.search(r'One of ((?:[\w.-]+|"[^"]+")(?:, (?:[\w.-]+|"[^"]+"))*)\.$', meaning):
        schema["enum"] = [word.strip('"') for word in match[1].split(", ")]
        if "yes" in schema["enum"]:  # which YAML takes for true
            schema["enum"] += [True, False]
    else:
        schema["type"] = "string"
    return schema


def schema_with_settings(text, help_text):
    """values.schema.json with the server's settings in their place."""
    schema = json.loads(text)
    names = {name: setting_schema(meaning) for name, meaning in settings(help_text).items()
             if name not in DECIDED}
    schema["properties"]["settings"] = {
        "description": "Settings of the server by the names of its flags. Written by "
                       "helm/generate.py --server; those that other values decide are left out.",
        "type": "object", "additionalProperties": False, "properties": names}
    return json.dumps(schema, indent=2) + "\n"


def generated(server):
    """{path: its text as it shall be}."""
    values = (CHART / "values.yaml").read_text()
    if missing := undocumented(values):
        sys.exit("values.yaml: no comment for " + ", ".join(missing))
    readme = CHART / "README.md"
    files = {readme: TABLE.sub(lambda _: table(values), readme.read_text())}
    for copy, original in COPIES.items():
        files[CHART / copy] = original.read_text()
    if server:
        help_text = subprocess.run([server, "--help"], check=True, stdout=subprocess.PIPE,
                                   text=True).stdout
        schema = CHART / "values.schema.json"
        files[schema] = schema_with_settings(schema.read_text(), help_text)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--server")
    arguments = parser.parse_args()
    stale = 0
    for path, text in generated(arguments.server).items():
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if arguments.check:
            print(f"{path.relative_to(CHART.parents[1])}: out of date; run helm/generate.py")
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(CHART.parents[1])}")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
