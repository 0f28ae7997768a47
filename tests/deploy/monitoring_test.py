#!/usr/bin/env python3
"""The Prometheus rules and the Grafana dashboard against promtool, a real scrape and a real Prometheus."""
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

import grpc
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

import promql  # noqa: E402
from certificates import Certificates  # noqa: E402
from harness import SLOWDOWN, Duet, Process, RespError, free_port, http_get, wait_until  # noqa: E402

# Panels that are empty while nothing fails or is limited.
QUIET = {"Restarts", "Memory of maxmemory"}
QUIET_QUERIES = ("redis_commands_failed_calls_total", "redis_memory_max_bytes")


def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


class Files(unittest.TestCase):
    def test_promtool(self):
        for argv in (("check", "rules", "--lint=all", "--lint-fatal", str(promql.RULES)),
                     ("test", "rules", str(promql.RULES_TEST))):
            done = run("promtool", *argv)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_alert_fires_in_a_test_and_every_record_is_read(self):
        cases = yaml.safe_load(promql.RULES_TEST.read_text())["tests"]
        fired = {each["alertname"] for case in cases for each in case.get("alert_rule_test", [])
                 if each.get("exp_alerts")}
        quiet = {each["alertname"] for case in cases for each in case.get("alert_rule_test", [])
                 if not each.get("exp_alerts")}
        alerts = {rule["alert"] for rule in promql.rules() if "alert" in rule}
        self.assertEqual(fired, alerts)
        self.assertEqual(quiet, alerts)
        text = promql.RULES_TEST.read_text() + "".join(
            rule["expr"] for rule in promql.rules() if "alert" in rule)
        for name in promql.recorded_names():
            self.assertIn(name, text)

    def test_alerts_say_what_to_do(self):
        for rule in promql.rules():
            if "alert" in rule:
                self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
                self.assertEqual(set(rule["annotations"]), {"summary", "description"})

    def test_the_dashboard_is_what_its_script_writes(self):
        done = run(sys.executable, str(ROOT / "deploy/grafana/make_dashboard.py"), "--check")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_panels_fill_the_grid_without_overlap(self):
        dashboard = json.loads(promql.DASHBOARD.read_text())
        taken = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        numbers = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_metric_names(self):
        """The parser of expressions itself."""
        for expression, names in (
                ('sum by (cmd) (rate(a_total{x="b_total"}[5m])) > 0', {"a_total"}),
                ("a / (b > 0) and on (job, instance) c", {"a", "b", "c"}),
                ("histogram_quantile(0.99, sum by (le) (rate(a:b_bucket[5m])))", {"a:b_bucket"}),
                ("1e9 + 1.5 + a offset 5m or up", {"a", "up"})):
            self.assertEqual(promql.metric_names(expression), names, expression)


class Load:
    """A little of everything, from two threads: what leaves no figure at 0."""

    def __init__(self, server):
        self._server = server
        self._end = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._resp, self._grpc)]

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for each in self._threads:
            each.join()

    def _resp(self):
        with self._server.connect() as client:
            turn = 0
            while not self._end.wait(0.01):
                turn += 1
                client.call("SET", f"key:{turn % 100}", "v" * 100, *(("PX", 50) if turn % 2 else ()))
                client.call("GET", f"key:{turn % 150}")
                for wrong in (("INCR", "key:2"), ("NONSENSE",)):
                    try:
                        client.call(*wrong)
                    except RespError:
                        pass
                with self._server.connect() as other:
                    other.call("PING")

    def _grpc(self):
        host, port = self._server.grpc
        with grpc.insecure_channel(f"{host}:{port}") as channel:
            # ExecuteRequest{args: ["PING"]} and an empty GetRequest, which is refused.
            execute, get = (channel.unary_unary(f"/duet.v1.KeyValueService/{method}")
                            for method in ("Execute", "Get"))
            while not self._end.wait(0.01):
                execute(b"\x0a\x04PING", timeout=10 * SLOWDOWN)
                try:
                    get(b"", timeout=10 * SLOWDOWN)
                except grpc.RpcError:
                    pass


class Scrape(unittest.TestCase):
    def test_every_metric_exists(self):
        # With TLS, since an alert looks at the certificate.
        with Certificates() as pki, \
                Duet("--tls-port=0", *pki.flags("no")) as server, Load(server):
            def metrics():
                return http_get(server.admin, "/metrics")[2].decode()
            wait_until(lambda: 'redis_commands_total{cmd="get"' in metrics() and
                       'grpc_method="Execute",grpc_code="OK"} 0\n' not in metrics(),
                       what="the load is counted")
            text = metrics()
        known = {line.split("{")[0].split(" ")[0] for line in text.splitlines()
                 if line and not line.startswith("#")} | promql.recorded_names() | {"up"}
        asked = {name: title for title, expression in
                 [*promql.dashboard_queries(),
                  *((rule.get("alert") or rule["record"], rule["expr"]) for rule in promql.rules())]
                 for name in promql.metric_names(expression)}
        self.assertGreater(len(asked), 40)
        self.assertEqual({name: asked[name] for name in set(asked) - known}, {})


class Prometheus(unittest.TestCase):
    """Debian's Prometheus scrapes a server under load."""

    def start(self, server):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        target = f"127.0.0.1:{server.admin[1]}"
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(promql.RULES)],
            "scrape_configs": [{"job_name": "duet", "static_configs": [{"targets": [target]}]}]}
        file = directory / "prometheus.yml"
        file.write_text(json.dumps(configuration))
        self.address = ("127.0.0.1", free_port())
        prometheus = Process(["prometheus", f"--config.file={file}",
                              f"--storage.tsdb.path={directory / 'data'}",
                              f"--web.listen-address=127.0.0.1:{self.address[1]}"])
        self.addCleanup(prometheus.stop)
        wait_until(self.ready, 30, "Prometheus is ready")

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.address[1]}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=20 * SLOWDOWN) as answer:
            return answer.read().decode()

    def ready(self):
        try:
            return "Ready" in self.get("/-/ready")
        except OSError:
            return False

    def query(self, expression):
        answer = json.loads(self.get("/api/v1/query", query=expression))
        self.assertEqual(answer["status"], "success", expression)
        return answer["data"]["result"]

    def test_every_query_has_an_answer(self):
        with Duet() as server, Load(server):
            self.start(server)
            # Rates need a few scrapes.
            wait_until(lambda: any(float(each["value"][1]) > 3 for each in self.query(
                "count_over_time(duet_build_info[1m])")), 30, "scrapes")
            wait_until(lambda: self.query("instance:grpc_server_handling_seconds:p99_5m > 0"), 30,
                       "the rules are evaluated")
            for title, expression in promql.dashboard_queries(interval="30s"):
                with self.subTest(title=title, expression=expression):
                    found = self.query(expression)
                    if title not in QUIET and not any(x in expression for x in QUIET_QUERIES):
                        self.assertNotEqual(found, [])
            for name in promql.recorded_names() - {"instance:redis_memory_used:ratio",
                                                   "instance:grpc_server_handled_failed:ratio_rate5m"}:
                with self.subTest(record=name):
                    self.assertNotEqual(self.query(name), [])
            groups = json.loads(self.get("/api/v1/rules"))["data"]["groups"]
            for rule in (rule for group in groups for rule in group["rules"]):
                self.assertEqual(rule["health"], "ok", rule)
                self.assertIn(rule.get("state", "inactive"), ("inactive", "pending"), rule)
            target, = json.loads(self.get("/api/v1/targets"))["data"]["activeTargets"]
            self.assertEqual((target["health"], target["lastError"]), ("up", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
