"""Runs one load against a server and returns what it saw: redis_load.cc, or redis-benchmark."""
import json
import os
import pathlib
import re
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "redis_load.cc"
FILL_CLIENTS = 8
FILL_PIPELINE = 200
ACCEPT_SECONDS = 0.1  # connect() returns before the server has accepted


class RedisLoad:
    """Our own generator; built on first use, beside the server's binary."""
    name = "redis_load"

    def __init__(self, directory):
        self.binary = pathlib.Path(directory) / "redis_load"
        if not self.binary.exists() or self.binary.stat().st_mtime < SOURCE.stat().st_mtime:
            subprocess.run(["g++", "-O2", "-std=c++20", "-o", self.binary, SOURCE], check=True)

    def _command(self, port, command, **options):
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return [self.binary, str(port), command, *flags]

    def fill(self, port, keys, value_bytes, ttl=False):
        subprocess.run(self._command(port, "fill", clients=FILL_CLIENTS, pipeline=FILL_PIPELINE,
                                     keys=keys, value_bytes=value_bytes, ttl=int(ttl)),
                       check=True, stdout=subprocess.DEVNULL)

    def run(self, pid, port, workload, requests, seed):
        """requests, seconds, p50_us, p99_us, p999_us, and server_cpu_ns: what the process `pid`
        used for them. Like the seconds it is without connecting and closing, which for 1,000
        connections is a twentieth of a short run."""
        command = self._command(port, workload.command, clients=workload.clients,
                                pipeline=workload.pipeline, requests=requests,
                                keys=workload.keys, value_bytes=workload.value_bytes, seed=seed,
                                steps=1)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as load:
            if load.stdout.readline() != "connected\n":
                raise RuntimeError("redis_load did not connect")
            time.sleep(ACCEPT_SECONDS)
            before = cpu_ns(pid)
            load.stdin.write("\n")
            load.stdin.flush()
            result = load.stdout.readline()
            used = cpu_ns(pid) - before
        if load.returncode != 0:
            raise RuntimeError(f"redis_load ended with {load.returncode}")
        return {**json.loads(result), "server_cpu_ns": used}


class RedisBenchmark(RedisLoad):
    """redis-benchmark for the measured part. It tops out near 2.5 million requests a second on
    one core, so high pipelines show its own limit rather than the server's. Connecting and
    closing count as the server's CPU."""
    name = "redis-benchmark"

    def run(self, pid, port, workload, requests, seed):
        before = cpu_ns(pid)
        started = time.monotonic()
        text = subprocess.run(
            ["redis-benchmark", "-p", str(port), "-t", workload.command, "-n", str(requests),
             "-c", str(workload.clients), "-P", str(workload.pipeline), "-r", str(workload.keys),
             "-d", str(workload.value_bytes), "--precision", "3"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        seconds = time.monotonic() - started
        used = cpu_ns(pid) - before
        summary = re.search(r"throughput summary: ([\d.]+)", text)
        if summary:
            seconds = requests / float(summary[1])
        steps = [(float(p), 1000 * float(ms)) for p, ms in
                 re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds \(cum", text)]
        def at(percent):
            return next((us for p, us in steps if p >= percent), 0.0)
        return {"requests": requests, "seconds": seconds, "p50_us": at(50), "p99_us": at(99),
                "p999_us": at(99.9), "server_cpu_ns": used}


def cpu_ns(pid):
    """CPU that the process' threads have used. schedstat has nanoseconds where stat has ticks."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # a thread that ended meanwhile
    return total
