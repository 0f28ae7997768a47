#!/usr/bin/env python3
"""A seeded random script of commands against redis-server and duet-server; replies must be equal.

    tests/compat/random_script.py [--commands 30000] [--seed 1]

Few keys and few values, so that commands meet each other's results; valid and invalid arguments
alike, in pipelined batches. What differs by nature (random keys, scan order, the clock) is left
out or compared as a set. A difference prints the last commands on its keys; the seed repeats it.
"""
import argparse
import contextlib
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cases  # noqa: E402
import harness  # noqa: E402
from differential import elements  # noqa: E402

BATCH = 50
KEYS = ["a", "b", "c", "counter", "long", "", "k\x00\r\n", "7"]
NUMBERS = ["0", "1", "-1", "5", "007", "9223372036854775807", "-9223372036854775808",
           "9223372036854775808", "1.5", "1e3", "-0.0", " 1", "abc", "", "3.0e-5", "inf", "nan",
           "4294967296", "100"]
VALUES = ["", "x", "hello", "ohmytext", "mynewtext", "v" * 44, "v" * 45, "w" * 300, *NUMBERS]
OFFSETS = ["0", "1", "2", "5", "44", "100", "-1", "-3", "-100", "abc", "1.0", "2147483647"]
# In the far future, or past: nothing expires while the script runs.
FUTURE = ["4102444800", "4102444801", "5000000000"]
PAST = ["1", "1000"]
BAD_TIMES = ["0", "-1", "abc", "9223372036854775807", "1.5", ""]


class Script:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def key(self):
        return self.random.choice(KEYS)

    def value(self):
        return self.random.choice(VALUES)

    def number(self):
        return self.random.choice(NUMBERS)

    def offset(self):
        return self.random.choice(OFFSETS)

    def keys(self):
        return [self.key() for _ in range(self.random.randint(0, 4))]

    def pairs(self):
        words = [w for _ in range(self.random.randint(0, 3)) for w in (self.key(), self.value())]
        return words + ([self.key()] if self.random.random() < 0.1 else [])

    def time(self, scale):
        kind = self.random.random()
        if kind < 0.6:
            return str(int(self.random.choice(FUTURE)) * scale)
        return self.random.choice(PAST if kind < 0.8 else BAD_TIMES)

    def some(self, *choices):
        """Zero to two of the choices, each a list of words."""
        return [w for c in self.random.sample(choices, self.random.choice((0, 1, 1, 2))) for w in c]

    def set_options(self):
        # No past times: when SET has made an expired key, DBSIZE depends on who looks first.
        future = self.random.choice(FUTURE)
        return self.some(["NX"], ["XX"], ["GET"], ["KEEPTTL"], ["EXAT", future],
                         ["PXAT", future + "000"], ["EX", self.random.choice(BAD_TIMES)],
                         ["px"], ["bogus"])

    def expire_options(self):
        return self.some(["NX"], ["XX"], ["GT"], ["LT"], ["bogus"])

    def getex_options(self):
        return self.some(["PERSIST"], ["EXAT", self.time(1)], ["PXAT", self.time(1000)], ["EX"])

    def lcs_options(self):
        return self.some(["LEN"], ["IDX"], ["MINMATCHLEN", self.offset()], ["WITHMATCHLEN"])

    def command(self):
        pick = self.random.choice
        weighted = {
            "SET": lambda: [self.key(), self.value(), *self.set_options()],
            "GET": lambda: [self.key()],
            "SETNX": lambda: [self.key(), self.value()],
            "SETEX": lambda: [self.key(), pick(BAD_TIMES), self.value()],
            "GETSET": lambda: [self.key(), self.value()],
            "GETDEL": lambda: [self.key()],
            "GETEX": lambda: [self.key(), *self.getex_options()],
            "MGET": self.keys,
            "MSET": self.pairs,
            "MSETNX": self.pairs,
            "APPEND": lambda: [self.key(), self.value()],
            "STRLEN": lambda: [self.key()],
            "GETRANGE": lambda: [self.key(), self.offset(), self.offset()],
            "SUBSTR": lambda: [self.key(), self.offset(), self.offset()],
            "SETRANGE": lambda: [self.key(), pick(OFFSETS[:-1]), self.value()],
            "INCR": lambda: [self.key()],
            "DECR": lambda: [self.key()],
            "INCRBY": lambda: [self.key(), self.number()],
            "DECRBY": lambda: [self.key(), self.number()],
            "INCRBYFLOAT": lambda: [self.key(), self.number()],
            "LCS": lambda: [self.key(), self.key(), *self.lcs_options()],
            "DEL": self.keys,
            "UNLINK": self.keys,
            "EXISTS": self.keys,
            "TOUCH": self.keys,
            "TYPE": lambda: [self.key()],
            "EXPIREAT": lambda: [self.key(), self.time(1), *self.expire_options()],
            "PEXPIREAT": lambda: [self.key(), self.time(1000), *self.expire_options()],
            "EXPIRE": lambda: [self.key(), pick(BAD_TIMES), *self.expire_options()],
            "EXPIRETIME": lambda: [self.key()],
            "PEXPIRETIME": lambda: [self.key()],
            "PERSIST": lambda: [self.key()],
            "RENAME": lambda: [self.key(), self.key()],
            "RENAMENX": lambda: [self.key(), self.key()],
            "COPY": lambda: [self.key(), self.key(), *self.some(
                ["REPLACE"], ["DB", pick(["0", "1", "15", "16", "-1", "x"])], ["bogus"])],
            "MOVE": lambda: [self.key(), pick(["0", "1", "2", "16", "abc"])],
            "SELECT": lambda: [pick(["0", "0", "0", "1", "2", "16", "-1", "abc"])],
            "SWAPDB": lambda: [pick(["0", "1", "16", "abc"]), pick(["0", "1", "2"])],
            "KEYS": lambda: [pick(["*", "?", "[a-c]", "c*", "\\*", "[^a]"])],
            "DBSIZE": lambda: [],
            "ECHO": lambda: [self.value()],
            "PING": lambda: pick([[], ["hi"], ["two", "words"]]),
            "GETT": lambda: self.keys(),
            "HELLO": lambda: [pick(["2", "2", "3", "4", "x"])] if self.random.random() < 0.2
            else ["2"],
        }
        if self.random.random() < 0.002:
            return ["FLUSHDB" if self.random.random() < 0.7 else "FLUSHALL"]
        name = pick(list(weighted))
        words = [name, *weighted[name]()]
        if self.random.random() < 0.01:
            words = words[:-1] or ["PING"]  # one too few
        return words


def comparable(argv, reply):
    if argv[0] == "KEYS" and reply[:1] == b"*":
        return elements(reply)
    if argv[0] == "HELLO" and reply[:1] in b"*%":
        return reply[:3]  # names the server, its version and the connection
    return reply


def run(script, count, redis, ours):
    history = []
    for _ in range(0, count, BATCH):
        batch = [script.command() for _ in range(BATCH)]
        data = b"".join(harness.encode(*argv) for argv in batch)
        redis.send(data)
        ours.send(data)
        for argv in batch:
            expected, got = redis.read_raw(), ours.read_raw()
            history.append((argv, expected))
            if comparable(argv, expected) != comparable(argv, got):
                return history, got
    return history, None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(server) for server in (harness.Redis(), harness.Duet())]
        redis, ours = (stack.enter_context(server.connect()) for server in servers)
        history, got = run(Script(options.seed), options.commands, redis, ours)
    if got is None:
        print(f"{len(history)} replies equal (seed {options.seed})")
        return 0
    words = set(history[-1][0][1:]) & set(KEYS)
    related = [step for step in history[-400:] if words & set(step[0][1:]) or len(step[0]) == 1]
    for argv, reply in related[-25:]:
        print(" ".join(cases.quoted(w.encode()) for w in argv), "->", cases.notation(reply)[:200])
    print(f"duet answered {cases.notation(got)[:200]} (seed {options.seed}, command {len(history)})")
    return 1


if __name__ == "__main__":
    sys.exit(main())
