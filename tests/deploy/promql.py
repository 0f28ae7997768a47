"""The expressions of the rules and of the dashboard, and the metrics that they name."""
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/duet.rules.yml"
RULES_TEST = ROOT / "deploy/prometheus/duet.rules_test.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboard.json"

STRING = re.compile(r'"[^"]*"')
LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
RANGE = re.compile(r"\[[^]]*\]")
# A name that is no function: nothing opens after it.
NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
KEYWORDS = {"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "offset", "inf", "nan"}


def metric_names(expression):
    """Names of the metrics in a PromQL expression."""
    for pattern in (STRING, LABELS, RANGE):
        expression = pattern.sub(" ", expression)
    return {name for name in NAME.findall(expression) if name.lower() not in KEYWORDS}


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"]
            for rule in group["rules"]]


def recorded_names():
    return {rule["record"] for rule in rules() if "record" in rule}


def dashboard_queries(selector='job=~".+"', interval="5m"):
    """(title of the panel, expression) with the dashboard's variables replaced."""
    dashboard = json.loads(DASHBOARD.read_text())

    def filled(text):
        text = text.replace('job=~"$job", instance=~"$instance"', selector)
        return text.replace("$__rate_interval", interval)

    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], filled(target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], filled(annotation["target"]["expr"])
