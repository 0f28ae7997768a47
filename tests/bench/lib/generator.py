"""Runs one load against a port and returns what it saw: redis_load.cc, or redis-benchmark."""
import json
import os
import pathlib
import re
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "redis_load.cc"
FILL_CLIENTS = 8
FILL_PIPELINE = 200


class RedisLoad:
    """Our own generator; built on first use, beside the server's binary."""
    name = "redis_load"

    def __init__(self, directory):
        self.binary = pathlib.Path(directory) / "redis_load"
        if not self.binary.exists() or self.binary.stat().st_mtime < SOURCE.stat().st_mtime:
            subprocess.run(["g++", "-O2", "-std=c++20", "-o", self.binary, SOURCE], check=True)

    def _run(self, port, command, **options):
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        done = subprocess.run([self.binary, str(port), command, *flags], check=True,
                              stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def fill(self, port, keys, value_bytes, ttl=False):
        self._run(port, "fill", clients=FILL_CLIENTS, pipeline=FILL_PIPELINE, keys=keys,
                  value_bytes=value_bytes, ttl=int(ttl))

    def run(self, port, workload, requests, seed):
        return self._run(port, workload.command, clients=workload.clients,
                         pipeline=workload.pipeline, requests=requests, keys=workload.keys,
                         value_bytes=workload.value_bytes, seed=seed)


class RedisBenchmark(RedisLoad):
    """redis-benchmark for the measured part. It tops out near 2.5 million requests a second on
    one core, so high pipelines show its own limit rather than the server's."""
    name = "redis-benchmark"

    def run(self, port, workload, requests, seed):
        started = time.monotonic()
        text = subprocess.run(
            ["redis-benchmark", "-p", str(port), "-t", workload.command, "-n", str(requests),
             "-c", str(workload.clients), "-P", str(workload.pipeline), "-r", str(workload.keys),
             "-d", str(workload.value_bytes), "--precision", "3"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        seconds = time.monotonic() - started
        summary = re.search(r"throughput summary: ([\d.]+)", text)
        if summary:
            seconds = requests / float(summary[1])
        steps = [(float(p), 1000 * float(ms)) for p, ms in
                 re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds \(cum", text)]
        def at(percent):
            return next((us for p, us in steps if p >= percent), 0.0)
        return {"requests": requests, "seconds": seconds, "p50_us": at(50), "p99_us": at(99),
                "p999_us": at(99.9)}


def cpu_ns(pid):
    """CPU that the process' threads have used. schedstat has nanoseconds where stat has ticks."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # a thread that ended meanwhile
    return total
