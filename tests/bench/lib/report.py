"""Verdicts and tables of redis_compare.py."""
import datetime
import os
import platform
import re
import statistics
import subprocess

from lib.workloads import NOISE, MemoryWorkload

README_BLOCK = re.compile(r"(<!-- bench:begin -->\n).*?(<!-- bench:end -->)", re.S)


def by_round(samples, server, figure):
    """Duet's figure over that of `server`, a list of rounds."""
    return [ours[figure] / theirs[figure]
            for ours, theirs in zip(samples["duet"], samples[server]) if theirs[figure]]


def against(samples, figure, worse):
    """Duet's figure over the Redis mode's that counts, a list of rounds: the mode against which the
    median is `worse` (min or max).

    `samples` maps server -> list of rounds, each a dict with rate, cpu_us and percentiles.
    """
    modes = (by_round(samples, server, figure) for server in samples if server != "duet")
    return worse(modes, key=statistics.median)


def compared(samples, other, figure, worse):
    """What the ratio is to that of another workload which ran in the same rounds, the median."""
    return statistics.median(
        mine / its for mine, its in
        zip(against(samples, figure, worse), against(other, figure, worse)))


def ratios(samples):
    wanted = {"rate": ("rate", min), "cpu": ("cpu_us", max), "p50": ("p50_us", max)}
    return {name: statistics.median(against(samples, *of)) for name, of in wanted.items()}


def verdict(workload, result, results):
    """(what it must reach, whether it does) of a finished row; None where nothing can be said."""
    if isinstance(workload, MemoryWorkload):
        return f"memory <= {workload.ratio_max}x", result["ratio"] <= workload.ratio_max
    target, got, wanted, passed = workload.target, result["ratios"], [], True
    if target.rate_min is not None:
        wanted.append(f"rate >= {target.rate_min}x")
        passed &= got["rate"] >= target.rate_min
    if target.cpu_max is not None:
        wanted.append(f"CPU <= {target.cpu_max}x")
        passed &= got["cpu"] <= target.cpu_max
    if target.p50_max is not None:
        wanted.append(f"p50 <= {target.p50_max:g}x (within {NOISE:.0%})")
        passed &= got["p50"] <= target.p50_max + NOISE
    if target.as_good_as is not None:
        if target.as_good_as not in results:
            return f"as {target.as_good_as} (not run)", None
        other = results[target.as_good_as]["samples"]
        rate = compared(result["samples"], other, "rate", min)
        cpu = compared(result["samples"], other, "cpu_us", max)
        wanted.append(f"ratios of {target.as_good_as} (within {NOISE:.0%}): rate {rate - 1:+.0%}, "
                      f"CPU {cpu - 1:+.0%}")
        passed &= rate >= 1 - NOISE
        passed &= cpu <= 1 + NOISE
    return ", ".join(wanted), passed


def median(rounds, figure):
    return statistics.median(each[figure] for each in rounds)


def best_redis(samples):
    """The Redis mode with the higher rate: its absolute figures stand in the table."""
    modes = [server for server in samples if server != "duet"]
    return max(modes, key=lambda server: median(samples[server], "rate"))


def cells(workload, result):
    """The row's columns after its name: rate, CPU, latencies."""
    if isinstance(workload, MemoryWorkload):
        return (f"{result['duet']:.1f} / {result['redis']:.1f} B per key", f"{result['ratio']:.2f}x",
                "", "", "")
    samples = result["samples"]
    ours, theirs = samples["duet"], samples[best_redis(samples)]
    def latency(rounds):
        return "/".join(f"{median(rounds, figure):.0f}" for figure in ("p50_us", "p99_us", "p999_us"))
    return (f"{median(ours, 'rate') / 1000:.0f} / {median(theirs, 'rate') / 1000:.0f} k/s",
            f"{result['ratios']['rate']:.2f}x",
            f"{median(ours, 'cpu_us'):.2f} / {median(theirs, 'cpu_us'):.2f} us",
            f"{result['ratios']['cpu']:.2f}x",
            f"{latency(ours)} / {latency(theirs)}")


HEADINGS = ("workload", "Duet / Redis", "ratio", "CPU per request", "ratio",
            "p50/p99/p99.9 us, Duet / Redis", "target", "")


def row(workload, result, results):
    wanted, passed = verdict(workload, result, results)
    word = {True: "PASS", False: "FAIL", None: "-"}[passed]
    return (workload.name, *cells(workload, result), wanted, word)


def text_line(columns):
    widths = (24, 22, 7, 18, 7, 34, 32, 4)
    return " ".join(column.ljust(width) for column, width in zip(columns, widths)).rstrip()


def first_line(argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return (done.stdout.splitlines() or [""])[0].strip()


def environment(root, rounds, generator):
    with open("/proc/cpuinfo", encoding="ascii") as cpuinfo:
        model = re.search(r"model name\s*: (.*)", cpuinfo.read())
    commit = first_line(["git", "-C", str(root), "rev-parse", "--short", "HEAD"])
    redis = re.search(r"v=(\S+)", first_line(["redis-server", "--version"]))
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, "
                   f"Linux {platform.release()}",
        "duet": "commit " + commit,
        "redis": redis[1] if redis else "?",
        "rounds": rounds,
        "generator": generator,
    }


def markdown(about, rows):
    lines = [
        f"Measured {about['date']} with `tests/bench/redis_compare.py` ({about['rounds']} rounds, "
        f"medians; load from {about['generator']} on the same machine): {about['machine']}; "
        f"Duet {about['duet']}, redis-server {about['redis']} (default and `--io-threads 2`, the "
        "better counts). Latencies are of a batch's round trip.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + " --- |" * len(HEADINGS),
    ]
    lines += ["| " + " | ".join(columns) + " |" for columns in rows]
    return "\n".join(lines) + "\n"


def update_readme(path, table):
    text = path.read_text()
    changed, count = README_BLOCK.subn(lambda m: m[1] + table + m[2], text)
    if count != 1:
        raise SystemExit(f"{path} has no bench:begin ... bench:end block")
    path.write_text(changed)
