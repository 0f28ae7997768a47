#!/usr/bin/python3
"""Runs units of Redis' own test suite against duet-server and compares with the skip list.

    tests/compat/redis_suite.py SOURCE [UNIT...]      redis_suite.sh fetches SOURCE and calls this

Every test runs, those on the list (redis_suite_skips.txt) too: a test on it that passes fails the
run, as does one off it that fails, or a line that no test matches. A test without an answer for
HANG_S (one on the list: LISTED_HANG_S) is ended and its unit run again without it. AT_ONCE units
run at a time: they sleep most of it. Many look at the clock, so a unit that is not as it should be
is judged by a second run, alone. Prints the failures, then run, passed, skipped.
"""
import concurrent.futures
import dataclasses
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
SKIPS = HERE / "redis_suite_skips.txt"
SERVER = os.environ.get("DUET_SERVER", str(HERE.parents[1] / "build/bin/duet-server"))
HANG_S, LISTED_HANG_S = 120, 20
AT_ONCE = 4
# The units that issue 3 names.
UNITS = """type/string type/incr keyspace scan expire multi pubsub pubsubshard auth protocol info
    info-command introspection introspection-2 querybuf limits maxmemory dump tracking slowlog
    latency-monitor other networking obuf-limits oom-score-adj""".split()


@dataclasses.dataclass
class Skip:
    line: int
    unit: str
    name: str  # * stands for any text
    reason: str
    may_pass: bool
    matched: bool = False

    def matches(self, unit, name):
        pattern = ".*".join(map(re.escape, self.name.split("*")))
        return self.unit == unit and re.fullmatch(pattern, name, re.S) is not None


@dataclasses.dataclass
class Result:
    unit: str
    name: str
    passed: bool
    details: str = ""


def read_skips():
    skips = []
    for number, line in enumerate(SKIPS.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            unit, name, reason = (part.strip() for part in line.split(" :: "))
            skips.append(Skip(number, unit, name, reason, reason.startswith("either way: ")))
    return skips


class Hang(Exception):
    """A test that gave no answer; its name is the argument."""


def lines_of(process, limit_s):
    """The process's output line by line; raises queue.Empty when none comes for limit_s()."""
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (line := lines.get(timeout=limit_s())) is not None:
        yield line


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def run_unit(source, unit, skips, without, scratch):
    """The results of the unit's tests; those named in `without` do not run."""
    # The server would refuse our own DUET_SERVER.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DUET_")}
    process = subprocess.Popen(
        ["tclsh", str(HERE / "redis_suite.tcl"), SERVER, scratch, *without, "--", f"unit/{unit}"],
        cwd=source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True, env=environment)
    results, running, other = [], [], []

    def limit_s():
        listed = any(skip.matches(unit, name) for name in running[-1:] for skip in skips)
        return LISTED_HANG_S if listed else HANG_S

    try:
        for line in lines_of(process, limit_s):
            if not line.startswith("@@\t"):
                other.append(line)
                continue
            _, kind, text = line.split("\t", 2)
            text = unescape(text)
            if kind == "testing":
                running.append(text)
            elif kind == "ok":
                results.append(Result(unit, running.pop(), True))
            elif kind == "err":
                results.append(Result(unit, running.pop(), False, text))
            elif kind == "outside":
                first, _, details = text.partition("\n")
                results.append(Result(unit, f"(between tests) {first}", False, details))
            elif kind == "ignore":
                results.append(Result(unit, text, False, "left out by the suite itself"))
            elif kind == "note":
                print(f"  {unit}: {text}")
    except queue.Empty:
        raise Hang(running[-1] if running else f"unit/{unit}") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    if process.returncode != 0 or running:
        results.append(Result(unit, "(the suite's own end)", False, "\n".join(running + other)))
    return results


def run_whole_unit(source, unit, skips):
    hung = []
    while True:
        with tempfile.TemporaryDirectory(prefix="duet-suite-") as scratch:
            try:
                results = run_unit(source, unit, skips, hung, scratch)
            except Hang as hang:
                name = hang.args[0]
                print(f"  {unit}: no answer: {name}", flush=True)
                if name in hung or name == f"unit/{unit}":
                    return [Result(unit, name, False, "no answer")]
                hung.append(name)
                continue
        return results + [Result(unit, name, False, "no answer") for name in hung]


def shown(why):
    """The lines worth showing: without the suite's own heading and the depth of its call stack."""
    lines = why.split("\n")
    return lines[1:4] if " in tests/" in lines[0] else lines[:4]


def judge(result, skips):
    """Why the result fails the run; None if it is as it should be."""
    on_list = [skip for skip in skips if skip.matches(result.unit, result.name)]
    for skip in on_list:
        skip.matched = True
    if result.passed and on_list and not on_list[0].may_pass:
        return f"passes, but is on line {on_list[0].line} of {SKIPS.name}: take it off"
    if not result.passed and not on_list:
        return result.details
    return None


def main():
    source, units = sys.argv[1], sys.argv[2:] or UNITS
    skips = [skip for skip in read_skips() if skip.unit in units]
    results, failures = [], []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        by_unit = list(pool.map(lambda unit: run_whole_unit(source, unit, skips), units))
    for unit, found in zip(units, by_unit):
        if any(judge(result, skips) is not None for result in found):
            print(f"{unit}: not as it should be beside others; again, alone", flush=True)
            found = run_whole_unit(source, unit, skips)
        results += found
        wrong = [(result, why) for result in found if (why := judge(result, skips)) is not None]
        failures += [f"{result.unit}: {result.name}\n  " + "\n  ".join(shown(why))
                     for result, why in wrong]
        passed = sum(result.passed for result in found)
        print(f"{unit}: {len(found)} run, {passed} passed, {len(found) - passed - len(wrong)} "
              f"skipped, {len(wrong)} wrong", flush=True)
    failures += [f"{skip.unit}: {skip.name}\n  line {skip.line} of {SKIPS.name}: no such test"
                 for skip in skips if not skip.matched]
    print("\n".join(["", *failures, ""]))
    passed = sum(result.passed for result in results)
    skipped = sum(not result.passed and judge(result, skips) is None for result in results)
    print(f"Redis' own tests: {len(results)} run, {passed} passed, {skipped} skipped (each with "
          f"its reason in {SKIPS.name}), {len(failures)} wrong")
    return 1 if failures or not results else 0


if __name__ == "__main__":
    sys.exit(main())
