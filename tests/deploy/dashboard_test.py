#!/usr/bin/env python3
"""The Grafana dashboard has the types and only the fields that Grafana knows: it is compiled as literals
of the types in npm's @grafana/schema. DUET_HELM_TOOLS: where tests/helm/install_tools.sh put it."""
import copy
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import promql

TOOLS = pathlib.Path(os.environ.get("DUET_HELM_TOOLS", promql.ROOT / "build/helm-tools"))
RAW = "@grafana/schema/dist/esm/raw"
OPTIONS = {"timeseries": "TimeSeries", "stat": "Stat", "heatmap": "Heatmap"}
# A dashboard may leave out what has a default, and has the names of enums' members as strings.
LOOSE = """type Loose<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Loose<U>[] : {[K in keyof T]?: Loose<T[K]>};
"""


def source(dashboard):
    """One literal a line, each of its type."""
    dashboard = copy.deepcopy(dashboard)
    lines = [LOOSE]

    def add(module, name, value):
        lines.append(f'{{ const value: Loose<import("{RAW}/{module}").{name}> = '
                     f"{json.dumps(value)}; }}\n")

    # Queries, annotations' too, are the data source's: Prometheus tests them in monitoring_test.py.
    for each in dashboard["annotations"]["list"]:
        del each["target"], each["expr"], each["titleFormat"]
    panels = dashboard.pop("panels")
    add("dashboard/x/dashboard_types.gen", "Dashboard", dashboard)
    for panel in panels:
        if panel["type"] == "row":
            add("dashboard/x/dashboard_types.gen", "RowPanel", panel)
            continue
        own = f"composable/{panel['type']}/panelcfg/x/{OPTIONS[panel['type']]}PanelCfg_types.gen"
        del panel["targets"]
        add(own, "Options", panel.pop("options"))
        if "custom" in panel["fieldConfig"]["defaults"]:
            add(own, "FieldConfig", panel["fieldConfig"]["defaults"].pop("custom"))
        add("dashboard/x/dashboard_types.gen", "Panel", panel)
    return "".join(lines)


def compiled(dashboard):
    """What the compiler complains of; nothing if all is well."""
    with tempfile.TemporaryDirectory(dir=TOOLS) as directory:
        pathlib.Path(directory, "dashboard.ts").write_text(source(dashboard))
        pathlib.Path(directory, "tsconfig.json").write_text(json.dumps({
            "compilerOptions": {"strict": True, "noEmit": True, "skipLibCheck": True, "types": [],
                                "module": "esnext", "target": "es2022",
                                "moduleResolution": "node"},
            "files": ["dashboard.ts"]}))
        return subprocess.run(
            ["node", str(TOOLS / "node_modules/typescript/bin/tsc"), "-p", directory], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads(promql.DASHBOARD.read_text())

    def test_types(self):
        self.assertEqual(compiled(self.dashboard), "")

    def test_the_compiler_sees_faults(self):
        heatmap = next(each for each in self.dashboard["panels"] if each["type"] == "heatmap")
        heatmap["options"]["colour"] = {}
        heatmap["fieldConfig"]["defaults"]["unit"] = 5
        self.dashboard["panels"][0]["colapsed"] = False
        said = compiled(self.dashboard)
        for word in ("colour", "'number' is not assignable to type 'string'", "colapsed"):
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
