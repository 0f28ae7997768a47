#!/usr/bin/env python3
"""Debian's prometheus-redis-exporter scrapes duet-server; its figures are Duet's own."""
import pathlib
import re
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import SLOWDOWN, Duet, Process, free_port, wait_until  # noqa: E402

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
# What goes on between two scrapes: time, memory, traffic, and the scrape itself.
MOVING = re.compile(r"uptime|cpu|memory|mem_|net_|commands|connections_received|connected_clients|"
                    r"latenc|allocator|active_defrag|buffer|slowlog|start_time|ttl|keyspace_(hits|misses)")


def samples(text):
    """{(name, labels): value} of a text exposition."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels or "")))] = float(value)
    return found


def get(address, path):
    """The body of a GET (the exporter sends it in chunks)."""
    with urllib.request.urlopen(f"http://127.0.0.1:{address[1]}{path}",
                                timeout=20 * SLOWDOWN) as answer:
        return answer.read().decode()


class Exporter(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet("--maxclients=321", "--maxmemory=1gb",
                                              "--maxmemory-policy=allkeys-lru"))
        self.client = self.enterContext(self.server.connect())
        port = free_port()
        self.exporter = Process([
            "prometheus-redis-exporter", "-include-system-metrics", f"-redis.addr=redis://127.0.0.1:{self.server.resp[1]}",
            f"-web.listen-address=127.0.0.1:{port}"])
        self.addCleanup(self.exporter.stop)
        self.address = ("127.0.0.1", port)
        wait_until(self.listens, what="the exporter listens")

    def listens(self):
        try:
            return get(self.address, "/health") == "ok"
        except OSError:
            return False

    def scrape(self, address):
        return samples(get(address, "/metrics"))

    def test_figures(self):
        call = self.client.call
        for i in range(100):
            call("SET", f"key:{i}", i, *(["EX", 1000] if i < 40 else []))
        for key in ("key:1", "key:2", "missing"):
            call("GET", key)
        call("SELECT", 3)
        call("SET", "elsewhere", "x")
        call("SLOWLOG", "RESET")

        scraped = self.scrape(self.address)
        value = lambda name, **labels: scraped.get((name, tuple(sorted(labels.items()))))  # noqa: E731
        self.assertEqual(value("redis_up"), 1, self.exporter.output())
        self.assertEqual(value("redis_exporter_last_scrape_error", err=""), 0)
        self.assertEqual(value("redis_db_keys", db="db0"), 100)
        self.assertEqual(value("redis_db_keys_expiring", db="db0"), 40)
        self.assertEqual(value("redis_db_keys", db="db3"), 1)
        self.assertEqual(value("redis_keyspace_hits_total"), 2)
        self.assertEqual(value("redis_keyspace_misses_total"), 1)
        self.assertEqual(value("redis_commands_total", cmd="set"), 101)
        self.assertEqual(value("redis_commands_total", cmd="get"), 3)
        self.assertGreater(value("redis_commands_duration_seconds_total", cmd="set"), 0)
        self.assertEqual(value("redis_config_maxclients"), 321)
        self.assertEqual(value("redis_connected_clients"), 2)  # ours and the exporter's
        self.assertEqual(value("redis_blocked_clients"), 0)
        self.assertEqual(value("redis_connected_slaves"), 0)
        self.assertEqual(value("redis_slowlog_length"), 0)
        self.assertGreater(value("redis_memory_used_bytes"), 100_000)
        self.assertGreater(value("redis_memory_used_rss_bytes"), 1_000_000)
        self.assertGreater(value("redis_total_system_memory_bytes"), 1 << 20)
        info = next(dict(labels) for name, labels in scraped if name == "redis_instance_info")
        self.assertEqual((info["role"], info["redis_mode"]), ("master", "standalone"))
        self.assertEqual(info["tcp_port"], str(self.server.resp[1]))
        self.assertNotRegex(self.exporter.output(), r"level=(error|warning)")

        # /metrics says the same under the same names.
        own = self.scrape(self.server.admin)
        own_info = next(dict(labels) for name, labels in own if name == "redis_instance_info")
        self.assertEqual(own_info, {label: info[label] for label in own_info})
        both = [key for key in own if key in scraped and key[0].startswith("redis_") and
                not MOVING.search(key[0])]
        self.assertGreater(len(both), 8, both)
        self.assertEqual({key: own[key] for key in both}, {key: scraped[key] for key in both})

    def test_again_and_again(self):
        """Counters only grow, and a scrape leaves no connection behind."""
        first = self.scrape(self.address)
        for _ in range(5):
            last = self.scrape(self.address)
        self.assertEqual(first["redis_connected_clients", ()], last["redis_connected_clients", ()])
        for key, value in first.items():
            if key[0].startswith("redis_") and key[0].endswith("_total"):
                self.assertGreaterEqual(last[key], value, key)


if __name__ == "__main__":
    unittest.main(verbosity=2)
