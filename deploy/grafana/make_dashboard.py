#!/usr/bin/env python3
"""Writes dashboard.json, the Grafana dashboard, from the rows of panels below.

    deploy/grafana/make_dashboard.py [--check]

A query's SEL stands for the selector of the chosen instances, RATE for the interval of rates.
--check writes nothing, and ends with 1 if dashboard.json is out of date.
"""
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("dashboard.json")
SELECTOR = 'job=~"$job", instance=~"$instance"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # of Grafana's grid


def expression(query):
    return query.replace("SEL", SELECTOR).replace("RATE", "$__rate_interval")


def target(query, legend, ref, **more):
    return {"datasource": DATASOURCE, "expr": expression(query), "legendFormat": legend,
            "refId": ref, **more}


def panel(kind, title, unit, queries, text="", width=8, height=8, options=None, defaults=None):
    """A panel; `queries` are (query, legend) pairs."""
    return {
        "type": kind, "title": title, "description": text, "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "targets": [target(query, legend, chr(ord("A") + i))
                    for i, (query, legend) in enumerate(queries)],
        "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})}, "overrides": []},
        "options": options or {},
    }


def lines(title, unit, *queries, text="", width=8, stacked=False, maximum=None):
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 25 if stacked else 8,
              "showPoints": "never", "stacking": {"mode": "normal" if stacked else "none"}}
    defaults = {"custom": custom, "min": 0}
    if maximum is not None:
        defaults["max"] = maximum
    return panel("timeseries", title, unit, queries, text, width, defaults=defaults, options={
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"}})


def stat(title, unit, query, text="", steps=None, mappings=None):
    """A single figure; `steps` are (from, colour) pairs, the first from None."""
    thresholds = {"mode": "absolute", "steps": [{"value": value, "color": colour}
                                                for value, colour in steps or [(None, "text")]]}
    return panel("stat", title, unit, [(query, "")], text, width=4, height=4,
                 defaults={"thresholds": thresholds, "mappings": mappings or []},
                 options={"colorMode": "value", "graphMode": "area",
                          "reduceOptions": {"calcs": ["lastNotNull"]}})


def heatmap(title, histogram, text="", more=""):
    """How long things took; each column is an interval, each cell how many took so long."""
    query = f"sum by (le) (increase({histogram}_bucket{{SEL{more}}}[RATE]))"
    made = panel("heatmap", title, "s", [(query, "{{le}}")], text, width=12, options={
        "calculate": False, "yAxis": {"unit": "s"}, "color": {"mode": "scheme", "scheme": "Oranges",
                                                             "steps": 64},
        "cellGap": 1, "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "filterValues": {"le": 1e-9}, "legend": {"show": True}})
    made["targets"][0]["format"] = "heatmap"
    return made


def quantiles(title, histogram, more="", by=""):
    """The 50th, 99th and 99.9th percentile."""
    labels = f"le, {by}" if by else "le"
    shown = f" {{{{{by}}}}}" if by else ""
    return lines(title, "s", *((
        f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket{{SEL{more}}}[RATE])))",
        f"p{q * 100:g}{shown}") for q in (0.5, 0.99, 0.999)), width=12)


GREEN, ORANGE, RED = "green", "orange", "red"
PART = [(None, GREEN), (0.75, ORANGE), (0.9, RED)]
IO = 'kind="io"'
RESTARTS = "changes(redis_start_time_seconds{SEL}[1m]) > 0"
UNARY = ', grpc_type="unary"'

ROWS = {
    "Overview": [
        stat("Up", "none", "sum(redis_up{SEL})", "Instances that answer.",
             [(None, RED), (1, GREEN)]),
        stat("Uptime", "s", "min(redis_uptime_in_seconds{SEL})",
             "Of the youngest instance. Each restart begins with an empty store.",
             [(None, ORANGE), (900, "text")]),
        stat("Commands", "ops", "sum(rate(redis_commands_processed_total{SEL}[RATE]))",
             "Through both doors."),
        stat("Keys", "short", "sum(redis_db_keys{SEL})"),
        stat("Memory of maxmemory", "percentunit",
             "max(redis_memory_used_bytes{SEL} / (redis_memory_max_bytes{SEL} > 0))",
             "No figure: there is no limit.", PART),
        stat("Hits", "percentunit",
             "sum(rate(redis_keyspace_hits_total{SEL}[RATE])) / (sum(rate("
             "redis_keyspace_hits_total{SEL}[RATE])) + sum(rate("
             "redis_keyspace_misses_total{SEL}[RATE])))", "Look-ups that found their key."),
    ],
    "Doors": [
        lines("Commands by door", "ops",
              ("sum by (door) (rate(duet_commands_total{SEL}[RATE]))", "{{door}}"), width=12,
              stacked=True, text="Also those that were refused."),
        lines("gRPC messages", "ops",
              ("sum(rate(grpc_server_msg_received_total{SEL}[RATE]))", "received"),
              ("sum(rate(grpc_server_msg_sent_total{SEL}[RATE]))", "sent"), width=12,
              text="A message of a Pipeline stream holds many commands."),
        lines("Commands by name", "ops",
              ("topk(12, sum by (cmd) (rate(redis_commands_total{SEL}[RATE])))", "{{cmd}}"),
              stacked=True),
        lines("gRPC calls by method", "ops",
              ("sum by (grpc_method) (rate(grpc_server_started_total{SEL}[RATE]))",
               "{{grpc_method}}"), stacked=True),
        lines("gRPC calls by code", "ops",
              ("sum by (grpc_code) (rate(grpc_server_handled_total{SEL}[RATE]))",
               "{{grpc_code}}"), stacked=True),
        lines("RESP connections", "short",
              ("sum by (instance) (redis_connected_clients{SEL})", "open, {{instance}}"),
              ("sum by (instance) (redis_blocked_clients{SEL})", "blocked, {{instance}}"),
              ("sum by (instance) (redis_config_maxclients{SEL})", "limit, {{instance}}")),
        lines("Connections that come", "cps",
              ("sum(rate(redis_connections_received_total{SEL}[RATE]))", "accepted, resp"),
              ("sum(rate(redis_rejected_connections_total{SEL}[RATE]))", "refused, resp"),
              ("sum(rate(duet_grpc_connections_received_total{SEL}[RATE]))", "accepted, grpc"),
              ("sum(rate(duet_grpc_rejected_connections_total{SEL}[RATE]))", "refused, grpc"),
              text="Refused: at maxclients (resp) or at grpc-max-connections (grpc)."),
        lines("Bytes", "Bps",
              ("sum by (door) (rate(duet_net_input_bytes_total{SEL}[RATE]))", "in, {{door}}"),
              ("sum by (door) (rate(duet_net_output_bytes_total{SEL}[RATE]))", "out, {{door}}")),
        lines("Commands per batch", "short",
              ("sum(rate(redis_commands_processed_total{SEL}[RATE])) / "
               "sum(rate(duet_batches_total{SEL}[RATE]))", "mean"),
              text="How much clients pipeline."),
        lines("Errors", "ops",
              ("sum by (err) (rate(redis_errors_total{SEL}[RATE])) > 0", "{{err}}"),
              ("sum(rate(duet_protocol_errors_total{SEL}[RATE]))", "not RESP"),
              ("sum(rate(duet_output_limited_total{SEL}[RATE]))", "closed: does not read"),
              text="Error replies by their first word, and connections closed."),
        lines("Commands that fail", "ops",
              ("sum by (cmd) (rate(redis_commands_failed_calls_total{SEL}[RATE])) > 0",
               "{{cmd}}: failed"),
              ("sum by (cmd) (rate(redis_commands_rejected_calls_total{SEL}[RATE])) > 0",
               "{{cmd}}: refused")),
    ],
    "Latency": [
        heatmap("Commands", "duet_command_duration_seconds",
                "From the dispatcher's beginning to the reply, locks included, network not."),
        quantiles("Commands, percentiles", "duet_command_duration_seconds"),
        heatmap("gRPC unary calls", "grpc_server_handling_seconds", more=UNARY),
        quantiles("gRPC unary calls, percentiles", "grpc_server_handling_seconds", more=UNARY),
        lines("Mean time by command", "s",
              ("topk(12, sum by (cmd) (rate(redis_commands_duration_seconds_total{SEL}[RATE])) / "
               "sum by (cmd) (rate(redis_commands_total{SEL}[RATE])))", "{{cmd}}"), width=12),
        lines("Where the time goes", "s",
              ("topk(12, sum by (cmd) (rate(redis_commands_duration_seconds_total{SEL}[RATE])))",
               "{{cmd}}"), width=12, stacked=True,
              text="Seconds of execution per second, by command."),
    ],
    "Memory": [
        lines("Memory", "bytes",
              ("sum by (instance) (redis_memory_used_bytes{SEL})", "in use, {{instance}}"),
              ("sum by (instance) (redis_memory_used_rss_bytes{SEL})", "resident, {{instance}}"),
              ("sum by (instance) (redis_memory_used_peak_bytes{SEL})", "peak, {{instance}}"),
              ("sum by (instance) (redis_memory_max_bytes{SEL}) > 0", "maxmemory, {{instance}}")),
        lines("Of the store", "bytes",
              ("sum(duet_store_entry_bytes{SEL})", "keys and values"),
              ("sum(duet_store_table_bytes{SEL})", "tables and expiry"), stacked=True),
        lines("Fragmentation", "short",
              ("redis_mem_fragmentation_ratio{SEL}", "{{instance}}"),
              text="Resident memory over memory in use."),
    ],
    "Keys": [
        lines("Keys by database", "short",
              ("sum by (db) (redis_db_keys{SEL}) > 0", "{{db}}"),
              ("sum by (db) (redis_db_keys_expiring{SEL}) > 0", "{{db}}, expiring")),
        lines("Hits and misses", "ops",
              ("sum(rate(redis_keyspace_hits_total{SEL}[RATE]))", "hits"),
              ("sum(rate(redis_keyspace_misses_total{SEL}[RATE]))", "misses")),
        lines("Keys that go", "ops",
              ("sum(rate(redis_expired_keys_total{SEL}[RATE]))", "expired"),
              ("sum(rate(redis_evicted_keys_total{SEL}[RATE]))", "evicted")),
    ],
    "Runtime": [
        lines("Busy share of each worker", "percentunit",
              (f"rate(duet_worker_busy_seconds_total{{SEL, {IO}}}[RATE]) / "
               f"(rate(duet_worker_busy_seconds_total{{SEL, {IO}}}[RATE]) + "
               f"rate(duet_worker_idle_seconds_total{{SEL, {IO}}}[RATE]))",
               "{{instance}} {{worker}}"), maximum=1),
        lines("Active workers", "short",
              (f"sum by (instance) (duet_worker_active{{SEL, {IO}}})", "{{instance}}"),
              text="Few are enough at little load: the others sleep."),
        lines("Lag of each worker", "s",
              (f"duet_worker_lag_seconds{{SEL, {IO}}}", "{{instance}} {{worker}}"),
              text="How long the last turn of its loop took: everybody on it waits so long."),
        lines("Queue of each worker", "short",
              (f"duet_worker_queue_length{{SEL, {IO}}}", "{{instance}} {{worker}}")),
        lines("Connections of each worker", "short",
              (f"duet_worker_connections{{SEL, {IO}}}", "{{instance}} {{worker}}")),
        lines("CPU", "short",
              ("sum by (instance) (rate(redis_cpu_user_seconds_total{SEL}[RATE]))",
               "user, {{instance}}"),
              ("sum by (instance) (rate(redis_cpu_sys_seconds_total{SEL}[RATE]))",
               "kernel, {{instance}}"), stacked=True, text="Cores in use."),
    ],
    "Listeners, log and traces": [
        lines("Channels and patterns", "short",
              ("sum(redis_pubsub_channels{SEL})", "channels"),
              ("sum(redis_pubsub_patterns{SEL})", "patterns"), width=6,
              text="Those that somebody listens to."),
        lines("Client-side caching", "short",
              ("sum(redis_tracking_clients{SEL})", "clients"),
              ("sum(redis_tracking_total_keys{SEL})", "keys"), width=6),
        lines("Log lines", "short",
              ("sum by (level) (rate(duet_log_lines_total{SEL}[RATE]))", "{{level}}"),
              ("sum by (reason) (rate(duet_log_lines_lost_total{SEL}[RATE]))",
               "lost: {{reason}}"), width=6,
              text="Lines a second. A place that says the same again and again is held back."),
        lines("Spans", "short",
              ("sum by (state) (rate(duet_trace_spans_total{SEL}[RATE]))", "{{state}}"), width=6,
              text="Spans a second. Those that the collector did not take have failed, those that "
                   "waited for it in vain are dropped."),
    ],
    "Start and drain": [
        lines("Ready", "none", ("duet_ready{SEL}", "{{instance}}"), width=6, maximum=1,
              text="0 while it starts, and from SIGTERM on while it drains."),
        lines("Uptime", "s", ("redis_uptime_in_seconds{SEL}", "{{instance}}"), width=6,
              text="A line that falls to 0 is a restart, one that ends a drain."),
        lines("File descriptors", "short", ("process_open_fds{SEL}", "open, {{instance}}"),
              ("process_max_fds{SEL}", "limit, {{instance}}"), width=6),
        lines("Versions", "short",
              ("count by (version) (duet_build_info{SEL})", "{{version}}"), width=6, stacked=True),
    ],
}


def placed(rows):
    """The panels in the grid, below the headline of their row, numbered."""
    panels, top = [], 0
    for title, members in rows.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
        left, top, height = 0, top + 1, 0
        for each in members:
            place = each["gridPos"]
            if left + place["w"] > WIDTH:
                left, top, height = 0, top + height, 0
            place |= {"x": left, "y": top}
            left, height = left + place["w"], max(height, place["h"])
            panels.append(each)
        top += height
    for number, each in enumerate(panels, 1):
        each["id"] = number
    return panels


def variable(name, query):
    return {"type": "query", "name": name, "label": name.capitalize(), "datasource": DATASOURCE,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True,
            "includeAll": True, "current": {"selected": True, "text": ["All"],
                                            "value": ["$__all"]}}


def dashboard():
    return {
        "uid": "duet", "title": "Duet", "tags": ["duet", "redis", "grpc"], "schemaVersion": 39,
        "editable": True, "graphTooltip": 1, "refresh": "30s", "timezone": "",
        "time": {"from": "now-1h", "to": "now"},
        "annotations": {"list": [{
            "name": "Restarts", "enable": True, "iconColor": "orange", "datasource": DATASOURCE,
            # Grafana 8 and older read expr, newer ones target.
            "expr": expression(RESTARTS), "target": target(RESTARTS, "", "Anno"),
            "titleFormat": "Restart of {{instance}}"}]},
        "templating": {"list": [
            {"type": "datasource", "name": "datasource", "label": "Data source",
             "query": "prometheus"},
            variable("job", "label_values(duet_build_info, job)"),
            variable("instance", 'label_values(duet_build_info{job=~"$job"}, instance)'),
        ]},
        "panels": placed(ROWS),
    }


def main():
    text = json.dumps(dashboard(), indent=1) + "\n"
    if "--check" in sys.argv[1:]:
        if FILE.read_text() != text:
            print(f"{FILE.name}: out of date; run deploy/grafana/make_dashboard.py")
            return 1
        return 0
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
