#!/usr/bin/env python3
"""Duet beside Debian's redis-server, workload by workload, on this machine.

    tests/bench/redis_compare.py                       everything, about 35 minutes
    tests/bench/redis_compare.py --quick               does it run? (figures are not to be quoted)
    tests/bench/redis_compare.py --workloads 'p16$'    those whose names match
    tests/bench/redis_compare.py --update-readme       writes the table into README.md

Three servers run side by side with default settings and no persistence: duet-server,
redis-server, and redis-server --io-threads 2; for each number of keys they have data of their own.
Per workload and round each of them gets the same load in turn, so that a drift of the machine's
speed meets all of them; rows that are compared with each other take turns within a round for the
same reason. Servers are started anew every few rounds: where a process' memory happens to lie moves
its figures for as long as it runs. Ratios are taken round by round against each Redis mode; the
stricter of the two medians counts. Server CPU is read before the first and after the last request
of a round: preloading, warm-up, connecting and closing are outside of it. Exits 1 if a row misses
its target.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e"),
                str(pathlib.Path(__file__).resolve().parent)]

import harness  # noqa: E402
from lib import report  # noqa: E402
from lib.generator import RedisBenchmark, RedisLoad  # noqa: E402
from lib.workloads import WORKLOADS, MemoryWorkload, Workload, shortened  # noqa: E402

SETTLE_SECONDS = 3  # after a fill: rehashing and purging of free pages
ROUNDS_PER_START = 3


class Servers(contextlib.ExitStack):
    """Servers that hold the same data, as name -> (process, port)."""

    def __init__(self, flags, modes):
        super().__init__()
        self.all = {}
        for name in modes:
            if name == "duet":
                process = self.enter_context(harness.Duet(*flags))
                self.all[name] = process, process.resp[1]
            else:
                threads = ["--io-threads", "2"] if name == "redis-io2" else []
                port = harness.free_port()
                self.all[name] = self.enter_context(harness.Redis(*threads, port=port)), port


def measure(generator, process, port, workload, seed):
    seen = generator.run(process.pid, port, workload, workload.requests, seed)
    return {
        "rate": seen["requests"] / seen["seconds"],
        "cpu_us": seen["server_cpu_ns"] / 1000 / seen["requests"],
        **{name: seen[name] for name in ("p50_us", "p99_us", "p999_us")},
    }


def run_rounds(generator, family, servers, rounds, samples):
    """Appends a sample of each server for each workload and each of the rounds (numbers)."""
    for workload in family:
        for process, port in servers[workload.keys].all.values():
            warm_up = max(workload.requests // 5, workload.clients)
            generator.run(process.pid, port, workload, warm_up, seed=99)
    for number in rounds:
        for workload in family:
            names = list(servers[workload.keys].all)
            for name in names[number % len(names):] + names[:number % len(names)]:
                process, port = servers[workload.keys].all[name]
                samples[workload.name].setdefault(name, []).append(
                    measure(generator, process, port, workload, seed=number + 1))


def run_memory(generator, flags, workload):
    result = {}
    for name in ("duet", "redis"):
        with Servers(flags, (name,)) as servers:
            process, port = servers.all[name]
            time.sleep(1)
            empty = process.rss_bytes()
            generator.fill(port, workload.keys, value_bytes=32, ttl=workload.ttl)
            time.sleep(SETTLE_SECONDS)
            result[name] = (process.rss_bytes() - empty) / workload.keys
    result["ratio"] = result["duet"] / result["redis"]
    return result


def grouped(workloads, key):
    order = {}
    for workload in workloads:
        order.setdefault(key(workload), []).append(workload)
    return list(order.values())


def families(workloads):
    """Rows that are compared with each other."""
    return grouped(workloads, lambda workload: workload.target.as_good_as or workload.name)


def run_group(generator, flags, group, rounds, done, keep):
    """Runs workloads with values of one size, whose servers stand side by side. Calls keep(samples)
    after each start: half an hour of samples must not be lost to an error late in it."""
    samples = {workload.name: {} for workload in group}
    starts = [range(rounds)[first:first + ROUNDS_PER_START]
              for first in range(0, rounds, ROUNDS_PER_START)]
    for number, part in enumerate(starts, 1):
        with contextlib.ExitStack() as stack:
            servers = {}
            for keys in dict.fromkeys(workload.keys for workload in group):
                progress(f"start {number} of {len(starts)}: filling servers with {keys} keys")
                servers[keys] = stack.enter_context(Servers(flags, ("duet", "redis", "redis-io2")))
                for _, port in servers[keys].all.values():
                    generator.fill(port, keys, group[0].value_bytes)
            time.sleep(SETTLE_SECONDS)
            for family in families(group):
                progress(f"start {number} of {len(starts)}: {len(part)} rounds of "
                         + ", ".join(workload.name for workload in family))
                run_rounds(generator, family, servers, part, samples)
        keep(samples)
    for workload in group:
        mine = samples[workload.name]
        done(workload, {"samples": mine, "ratios": report.ratios(mine)})


def progress(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="of each workload (default 9; --quick: 2)")
    parser.add_argument("--workloads", default="", help="regular expression of names")
    parser.add_argument("--list", action="store_true", help="print the workloads' names and exit")
    parser.add_argument("--quick", action="store_true", help="a tenth of keys and requests")
    parser.add_argument("--smoke", action="store_true",
                        help="a hundredth of them, one round, and no verdict: a test of this script")
    parser.add_argument("--json", type=pathlib.Path,
                        help="write every sample to this file, after each start of the servers")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument("--generator", choices=("redis_load", "redis-benchmark"),
                        default="redis_load")
    parser.add_argument("flags", nargs="*", help="after --: flags for duet-server")
    return parser.parse_args()


def main():
    options = parse_arguments()
    fraction = 100 if options.smoke else 10 if options.quick else 1
    rounds = options.rounds or {100: 1, 10: 2, 1: 9}[fraction]
    chosen = [shortened(w, fraction) for w in WORKLOADS if re.search(options.workloads, w.name)]
    if options.list or not chosen:
        print("\n".join(w.name for w in WORKLOADS))
        return 0 if options.list else "no such workload"
    directory = pathlib.Path(harness.BINARY).parent
    generator = (RedisLoad if options.generator == "redis_load" else RedisBenchmark)(directory)
    results, rows = {}, []

    def done(workload, result):
        results[workload.name] = result
        rows.append(report.row(workload, result, results))
        print(report.text_line(rows[-1]), flush=True)

    about = report.environment(harness.ROOT, rounds, generator.name)

    def keep(samples):
        if options.json:
            shown = results | {name: {"samples": mine} for name, mine in samples.items()}
            options.json.write_text(json.dumps({"about": about, "results": shown}, indent=1))

    print(report.text_line(report.HEADINGS), flush=True)
    for group in grouped((w for w in chosen if isinstance(w, Workload)), lambda w: w.value_bytes):
        run_group(generator, options.flags, group, rounds, done, keep)
    for workload in chosen:
        if isinstance(workload, MemoryWorkload):
            done(workload, run_memory(generator, options.flags, workload))
    keep({})
    table = report.markdown(about, rows)
    if options.markdown:
        print("\n" + table)
    if options.update_readme:
        report.update_readme(harness.ROOT / "README.md", table)
    failed = [columns[0] for columns in rows if columns[-1] == "FAIL"]
    print(f"\n{len(rows) - len(failed)} of {len(rows)} rows reach their target"
          + (f"; missed: {', '.join(failed)}" if failed else ""))
    return 1 if failed and not options.smoke else 0


if __name__ == "__main__":
    sys.exit(main())
