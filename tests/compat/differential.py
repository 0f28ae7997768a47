#!/usr/bin/env python3
"""Runs tests/commands/cases against redis-server and duet-server; replies must be equal.

    tests/compat/differential.py [--case REGEX]
    tests/compat/differential.py --redis-only     are the cases themselves what Redis answers?

Byte for byte, but for steps whose expectation is a regular expression (times, ids: both replies
must match it) or an unordered array (both must hold the same elements). A case marked
`! beyond-redis-7.0 <why>` is skipped, and listed with its reason.
"""
import argparse
import contextlib
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cases  # noqa: E402
import harness  # noqa: E402

MAX_SLEEP_MS = 2000  # real servers have no clock to turn


def skip_reason(case):
    if case.beyond_redis:
        return case.beyond_redis
    if sum(step.advance_ms for step in case.steps) > MAX_SLEEP_MS:
        return f"turns the clock by more than {MAX_SLEEP_MS} ms"
    return None


def elements(reply):
    """The elements of a flat array reply, sorted, as raw bytes."""
    end = reply.index(b"\r\n") + 2
    found = []
    while end < len(reply):
        start, end = end, harness.reply_end(reply, end)
        found.append(reply[start:end])
    return sorted(found)


def as_expected(step, reply):
    if step.kind == "regex":
        return re.search(step.expected, cases.notation(reply)) is not None
    if step.kind == "unordered":
        return elements(reply) == elements(cases.reply_bytes(step.expected))
    return reply == cases.reply_bytes(step.expected)


def equal(step, theirs, ours):
    if step.kind == "regex":
        return as_expected(step, theirs) and as_expected(step, ours)
    if step.kind == "unordered":
        return elements(theirs) == elements(ours)
    return theirs == ours


def run_step(case, step, clients):
    """What differs, as text; None if nothing does."""
    if not step.argv:
        time.sleep(step.advance_ms / 1000)
        return None
    replies = [client.raw(*step.argv) for client in clients]
    if len(replies) == 2:
        if equal(step, *replies):
            return None
        names = ("redis", "duet ")
    else:
        if step.expected is None or as_expected(step, replies[0]):
            return None
        names = ("redis",)
    shown = [f"  {name} {cases.notation(reply)[:400]}" for name, reply in zip(names, replies)]
    command = " ".join(cases.quoted(word) for word in step.argv)[:300]
    return "\n".join([f"tests/commands/cases/{case.file}:{step.line}: {command}",
                      *([f"  case  {step.expected}"] if step.expected else []), *shown])


def run_case(case, servers):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for server in servers]
        for client in clients:
            client.call("FLUSHALL")
        for step in case.steps:
            try:
                difference = run_step(case, step, clients)
            except (OSError, ValueError) as error:
                return f"tests/commands/cases/{case.file}:{step.line}: {error!r}"
            if difference:
                return difference
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="", help="regular expression of file:line: name")
    parser.add_argument("--redis-only", action="store_true")
    options = parser.parse_args()

    chosen = [case for case in cases.load()
              if re.search(options.case, f"{case.place}: {case.name}")]
    failures, skipped = [], []
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(harness.Redis("--enable-debug-command", "yes",
                                                       port=harness.free_port()))]
        if not options.redis_only:
            servers.append(stack.enter_context(harness.Duet("--enable-debug-command=yes")))
        for case in chosen:
            reason = skip_reason(case)
            if reason:
                skipped.append(f"{case.place}: {case.name}: {reason}")
                continue
            difference = run_case(case, servers)
            if difference:
                failures.append(f"{case.name}\n{difference}")
    print("\n".join(["skipped:", *skipped]) if skipped else "none skipped")
    print("\n\n".join(["", *failures]))
    ran = len(chosen) - len(skipped)
    print(f"\n{ran - len(failures)} of {ran} cases equal, {len(skipped)} skipped")
    return 1 if failures or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
