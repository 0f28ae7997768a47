#!/usr/bin/env python3
"""Several clients of redis-server and of duet-server do the same; what each reads must be equal.

    tests/compat/pubsub.py [--seed N] [--steps N]

A script is lines of `client: command`. After each, every client sends a PING of its own and reads
up to the reply: so all replies and messages that the line has caused are seen, in their order.
First the scripts below, then `--steps` random ones; in those, what one line causes is compared
without its order, since Redis gives none to patterns that match the same message.
"""
import argparse
import contextlib
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cases  # noqa: E402
import harness  # noqa: E402

SCRIPTS = {
    "channels": """
        a: SUBSCRIBE news sport news
        b: PUBLISH news hello
        b: PUBLISH "" x
        b: PUBLISH sport "a\\r\\n\\x00b"
        c: SUBSCRIBE news
        b: PUBLISH news two
        a: UNSUBSCRIBE news missing
        b: PUBLISH news three
        b: PUBSUB CHANNELS n*
        b: PUBSUB NUMSUB news sport
        a: UNSUBSCRIBE
        a: UNSUBSCRIBE
        b: PUBLISH sport four
        a: SET k v
    """,
    "patterns": """
        a: PSUBSCRIBE h?llo h[ae]llo
        a: PSUBSCRIBE h?llo
        b: PSUBSCRIBE h?llo
        c: PUBLISH hillo x
        c: PUBSUB NUMPAT
        c: PUBSUB CHANNELS
        a: PUNSUBSCRIBE
        c: PUBLISH hillo x
        a: PUNSUBSCRIBE
        a: GET k
    """,
    "a channel and a pattern": """
        a: SUBSCRIBE hello
        a: PSUBSCRIBE h*
        b: PUBLISH hello x
        a: UNSUBSCRIBE hello
        b: PUBLISH hello x
        a: PUNSUBSCRIBE h*
        b: PUBLISH hello x
        a: PING
    """,
    "shard channels": """
        a: SSUBSCRIBE s t
        a: PSUBSCRIBE *
        b: SPUBLISH s x
        b: PUBLISH s y
        b: PUBSUB SHARDCHANNELS s*
        b: PUBSUB SHARDNUMSUB s t u
        a: SUNSUBSCRIBE s
        b: SPUBLISH s x
        a: SUNSUBSCRIBE t
        a: SUNSUBSCRIBE
    """,
    "RESP3": """
        a: HELLO 3
        a: SUBSCRIBE news
        a: PSUBSCRIBE n*
        b: PUBLISH news hello
        a: GET k
        a: SET k v
        a: UNSUBSCRIBE
        a: UNSUBSCRIBE
        a: PUNSUBSCRIBE
        a: SUNSUBSCRIBE
    """,
    "what a subscribed client may call": """
        a: SUBSCRIBE news
        a: PING
        a: PING hello
        a: PUBLISH news x
        a: PUBSUB NUMPAT
        a: CLIENT ID
        a: RESET
        b: PUBLISH news x
        a: GET k
        a: SUBSCRIBE news
        a: QUIT
        b: PUBLISH news x
    """,
    "help": """
        a: PUBSUB HELP
        a: PUBSUB CHANNELS a b
        a: PUBSUB SHARDCHANNELS a b
        a: PUBSUB NOSUCH
        a: PUBSUB NUMPAT x
    """,
    "limits of output": """
        a: CONFIG SET client-output-buffer-limit "pubsub 1mb 512kb 7"
        a: CONFIG SET client-output-buffer-limit wrong
        a: CONFIG SET client-output-buffer-limit "nobody 1 2 3"
        a: CONFIG SET client-output-buffer-limit "master 1 2 3"
        a: CONFIG SET client-output-buffer-limit "pubsub 1 2 x"
        a: CONFIG SET client-output-buffer-limit "pubsub x 2 3"
        a: CONFIG SET client-output-buffer-limit "normal 1gb 0 0 replica 3mb 4m 70 pubsub 5 6k 80"
        a: CONFIG GET client-output-buffer-limit
        a: CONFIG SET client-output-buffer-limit "pubsub 32mb 8mb 60"
    """,
    "settings of events": """
        a: CONFIG GET notify-keyspace-events
        a: CONFIG SET notify-keyspace-events KEq
        a: CONFIG SET notify-keyspace-events mKnEg$lshzxet
        a: CONFIG GET notify-keyspace-events
        a: CONFIG SET notify-keyspace-events nAKE
        a: CONFIG GET notify-keyspace-events
        a: CONFIG SET notify-keyspace-events dtexzhsl$gE
        a: CONFIG GET notify-keyspace-events
        a: CONFIG SET notify-keyspace-events ""
        a: CONFIG GET notify-keyspace-events
    """,
    "events of strings": """
        a: CONFIG SET notify-keyspace-events KEAnm
        b: PSUBSCRIBE __key*
        a: SET k v
        a: SET k 1 EX 100
        a: SET k 1 KEEPTTL
        a: SET k 1 NX
        a: SET missing 1 XX
        a: SET k 1 GET
        a: SET g 1 GET
        a: SETNX k 1
        a: SETNX n 1
        a: SETEX k 100 1
        a: PSETEX p 100000 1
        a: GETSET k 2
        a: GETSET h 2
        a: GETDEL h
        a: GETDEL h
        a: GETEX k PERSIST
        a: GETEX k EX 100
        a: GETEX k PERSIST
        a: GETEX k PXAT 1
        a: MSET a 1 b 2 a 3
        a: MSETNX a 1 z 2
        a: MSETNX y 1 z 2
        a: INCR k
        a: DECR k
        a: INCRBY k 5
        a: DECRBY k 5
        a: INCRBYFLOAT k 0.5
        a: INCRBYFLOAT f 0.5
        a: INCR f
        a: APPEND k x
        a: APPEND k ""
        a: APPEND e ""
        a: SETRANGE k 1 y
        a: SETRANGE k 1 ""
        a: SETRANGE r 3 y
        a: SETRANGE s 3 ""
        a: MGET a missing b
        a: STRLEN missing
        a: GETRANGE missing 0 1
        a: LCS a missing
    """,
    "events of keys": """
        a: CONFIG SET notify-keyspace-events KEAnm
        b: PSUBSCRIBE __key*
        a: MSET a 1 b 2 c 3
        a: DEL a missing a
        a: UNLINK b missing
        a: EXPIRE c 100
        a: EXPIRE c 200 LT
        a: PEXPIRE c 100000
        a: EXPIREAT c 9999999999
        a: PERSIST c
        a: PERSIST c
        a: EXPIRE c -1
        a: EXPIRE c 1
        a: MSET a 1 b 2
        a: RENAME a b
        a: RENAME b b
        a: RENAME missing b
        a: RENAMENX b b
        a: RENAMENX b c
        a: COPY c d
        a: COPY c d
        a: COPY c d REPLACE
        a: COPY missing d
        a: COPY c d DB 3
        a: MOVE c 5
        a: MOVE missing 5
        a: EXISTS missing d missing
        a: TOUCH missing
        a: TYPE missing
        a: TTL missing
        a: PTTL missing
        a: EXPIRETIME missing
        a: SELECT 3
        a: SET k v
        a: FLUSHALL
        a: SWAPDB 0 1
    """,
    "events of time": """
        a: CONFIG SET notify-keyspace-events Exg
        b: PSUBSCRIBE *
        a: PSETEX k 50 v
        @ 600
        a: GET k
        a: SET k v PX 50
        @ 600
        a: DEL k
    """,
    "some events only": """
        a: CONFIG SET notify-keyspace-events Kg
        b: PSUBSCRIBE *
        a: SET k v
        a: DEL k
        a: CONFIG SET notify-keyspace-events E$
        a: SET k v
        a: DEL k
        a: CONFIG SET notify-keyspace-events A
        a: SET k v
        a: CONFIG SET notify-keyspace-events KE
        a: SET k v
        a: CONFIG SET notify-keyspace-events KEm
        a: GET nope
        a: GET k
    """,
}


class Room:
    """The clients of one server."""

    def __init__(self, server):
        self.server = server
        self.clients = {}
        self.pings = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients.values():
            client.close()

    def add(self, name):
        if name not in self.clients:
            self.clients[name] = self.server.connect()

    def send(self, name, words):
        """What each client read because of it: {name: [raw reply, ...]}."""
        self.clients[name].send(harness.encode(*words))
        if words[0] == b"QUIT":
            client = self.clients.pop(name)
            seen = {name: [client.read_until_closed()]}
            client.close()
        else:
            seen = {name: self.read_up_to_a_ping(name)}
        seen.update({other: self.read_up_to_a_ping(other) for other in self.clients
                     if other not in seen})
        return seen

    def read_up_to_a_ping(self, name):
        self.pings += 1
        token = b"barrier:%d" % self.pings
        client, replies = self.clients[name], []
        client.send(harness.encode("PING", token))
        while True:
            reply = client.read_raw()
            if token in reply:
                return replies
            replies.append(reply)


def differences(line, seen, ordered):
    """What differs between two servers, as text; None if nothing does."""
    theirs, ours = seen if ordered else [
        {name: sorted(replies) for name, replies in one.items()} for one in seen]
    if theirs == ours:
        return None
    shown = [line]
    for name in theirs:
        if theirs[name] != ours.get(name):
            for server, one in (("redis", theirs), ("duet ", ours)):
                replies = " ".join(cases.notation(reply) for reply in one.get(name, []))
                shown.append(f"  {name} of {server} {replies[:600]}")
    return "\n".join(shown)


def run(lines, servers, ordered=True):
    with contextlib.ExitStack() as stack:
        rooms = [stack.enter_context(Room(server)) for server in servers]
        for room in rooms:
            for name in {line.split(":")[0] for line in lines if not line.startswith("@")}:
                room.add(name)
            with room.server.connect() as clean:
                clean.call("FLUSHALL")
                clean.call("CONFIG", "SET", "notify-keyspace-events", "")
        for line in lines:
            if line.startswith("@"):
                time.sleep(int(line.split()[1]) / 1000)
                continue
            name, _, command = line.partition(": ")
            words = cases.words(command)
            seen = [room.send(name, words) for room in rooms]
            difference = differences(line, seen, ordered)
            if difference and words[0] != b"HELLO":  # it names version and id
                return difference
    return None


def random_lines(choose, count):
    """Lines of three listeners and a client that changes keys and publishes."""
    # No channel "", which Redis' glob does not match with "*" and ours does.
    names, keys = ["a", "b", "ab"], ["k", "l", "m"]
    patterns = ["*", "a*", "?", "[ab]", "__key*", "__keyevent@0__:*", "*:k"]
    lines = ["w: CONFIG SET notify-keyspace-events KEAnm", "y: HELLO 3"]

    def listen():
        kind = choose.choice(["", "P", "S"])
        pool = patterns if kind == "P" else names
        words = choose.sample(pool, choose.randint(1, 3))
        verb = choose.choice(["SUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE"])
        if kind == "P" and verb == "UNSUBSCRIBE" and choose.random() < 0.3:
            words = []
        quoted = " ".join('"%s"' % word for word in words)
        return f"{choose.choice('xyz')}: {kind}{verb} {quoted}".rstrip()

    def change():
        key, other = choose.choice(keys), choose.choice(keys)
        return "w: " + choose.choice([
            f"SET {key} 1", f"SET {key} 1 EX 100", f"GET {key}", f"DEL {key} {other}",
            f"INCR {key}", f"APPEND {key} 1", f"RENAME {key} {other}", f"COPY {key} {other}",
            f"COPY {key} {other} REPLACE", f"EXPIRE {key} 100", f"EXPIRE {key} 0",
            f"PERSIST {key}", f"MSET {key} 1 {other} 2", f"GETDEL {key}", f"MOVE {key} 1",
            f"SETRANGE {key} 2 9", f"SETNX {key} 1", f"GETEX {key} EX 10"])

    def publish():
        return "w: " + choose.choice([
            f'PUBLISH "{choose.choice(names)}" {choose.randint(0, 9)}',
            f'SPUBLISH "{choose.choice(names)}" x', "PUBSUB NUMPAT",
            "PUBSUB NUMSUB a b ab", "PUBSUB SHARDNUMSUB a b ab"])

    for _ in range(count):
        lines.append(choose.choices([listen, change, publish], [3, 4, 3])[0]())
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    failures = []
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(harness.Redis()), stack.enter_context(harness.Duet())]
        for name, script in SCRIPTS.items():
            lines = [line.strip() for line in script.strip().splitlines()]
            difference = run(lines, servers)
            if difference:
                failures.append(f"{name}: {difference}")
        lines = random_lines(random.Random(options.seed), options.steps)
        difference = run(lines, servers, ordered=False)
        if difference:
            failures.append(f"seed {options.seed}: {difference}")
    print("\n\n".join(failures))
    print(f"{len(SCRIPTS)} scripts and {options.steps} random steps, {len(failures)} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
