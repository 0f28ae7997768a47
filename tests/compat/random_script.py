#!/usr/bin/env python3
"""Seeded random scripts of commands against redis-server and duet-server; replies must be equal.

    tests/compat/random_script.py [--commands 30000] [--seed 1]

Two clients send commands in pipelined batches (transactions and watched keys meet each other), one
subscribes with RESP2, and one subscribes and tracks keys with RESP3. A script is EPOCH commands on
empty databases, made by random_commands.py. One that shows a difference is cut down to the few
commands that it needs, and printed; the seed repeats it.
"""
import argparse
import contextlib
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cases  # noqa: E402
import harness  # noqa: E402
import random_commands  # noqa: E402
from random_commands import CHANNELS, KEYS, PATTERNS  # noqa: E402
from shrink import shrink  # noqa: E402

EPOCH = 5_000
BATCH = 50
SENDERS = (0, 1)
LISTENER_RESP2, LISTENER_RESP3 = LISTENERS = (2, 3)
PING = harness.encode("PING", "marker")
MARKERS = (b"$6\r\nmarker\r\n", b"*2\r\n$4\r\npong\r\n$6\r\nmarker\r\n")


def encode(argv):
    return harness.encode(*(word.encode("latin-1") for word in argv))


class Side:
    """One server and its four connections. It is started again when it has died."""

    def __init__(self, start):
        self._start = start
        self._server = None
        self._clients = []

    def reset(self):
        """Empty databases, new connections."""
        for client in self._clients:
            client.close()
        self._clients = []
        if self._server is not None and not self._server.alive():
            self.close()
        if self._server is None:
            self._server = self._start()
            self._server.__enter__()
        self._clients = [self._server.connect() for _ in (*SENDERS, *LISTENERS)]
        self._clients[0].call("FLUSHALL")
        self._clients[LISTENER_RESP3].raw("HELLO", "3")

    def close(self):
        server, self._server = self._server, None
        if server is not None:
            server.__exit__(AssertionError if not server.alive() else None, None, None)

    def send(self, client, argvs):
        end = PING * 2 if client in LISTENERS else b""
        self._clients[client].send(b"".join(map(encode, argvs)) + end)

    def replies(self, client, count):
        """Of a sender: one for each command. Of a listener: all that came, messages too, sorted."""
        connection = self._clients[client]
        if client in SENDERS:
            return [connection.read_raw() for _ in range(count)]
        return heard(self._until_markers(connection))

    def messages(self, listener):
        self.send(listener, [])
        return self.replies(listener, 0)

    @staticmethod
    def _until_markers(connection):
        # Two markers: a message may be written after the reply to the first one.
        frames, markers = [], 0
        while markers < 2:
            frame = connection.read_raw()
            if frame in MARKERS:
                markers += 1
            else:
                frames.append(frame)
        return frames


INVALIDATE = b">2\r\n$10\r\ninvalidate\r\n"
UNSUBSCRIBED = re.compile(rb"([*>]3\r\n\$\d+\r\n[ps]?unsubscribe\r\n)(.*)(:\d+\r\n)", re.S)

BY_PATTERN = re.compile(rb"([*>]4\r\n\$8\r\npmessage\r\n\$\d+\r\n.*?\r\n)(\$.*)", re.S)


def heard(frames):
    """A listener's frames: replies and messages in order; what has no order (invalidated keys, the
    channels that an UNSUBSCRIBE without arguments leaves, a message's patterns) as a set."""
    unordered, rest = set(), []
    for frame in frames:
        if match := BY_PATTERN.fullmatch(frame):
            unordered.add(match[1])
            frame = match[2]
        if match := UNSUBSCRIBED.fullmatch(frame):
            unordered.add(match[2])
            rest.append(match[1] + b"...\r\n" + match[3])
        elif not frame.startswith(INVALIDATE):
            rest.append(frame)
        elif frame[len(INVALIDATE):len(INVALIDATE) + 1] == b"*":
            unordered.update(random_commands.elements(frame[len(INVALIDATE):]))
        else:
            unordered.add(b"everything")
    return rest, sorted(unordered)


class Script:
    """Steps, each (client, argv). SWAPDB and tracking are not in one script: of databases that are
    swapped, Redis does not tell the clients that track keys; Duet does."""

    def __init__(self, seed, names):
        self.random = random.Random(seed)
        self.tracks = self.random.random() < 0.5
        if self.tracks:
            names = [name for name in names if name != "SWAPDB"]
        self.generator = random_commands.Generator(seed, names)

    def steps(self, count):
        steps = []
        while len(steps) < count:
            if self.random.random() < 0.1:
                client = self.random.choice(LISTENERS)
                steps += [(client, self.listener_command(client)) for _ in range(2)]
            else:
                client = self.random.choice(SENDERS)
                steps += [(client, self.generator.command())
                          for _ in range(self.random.randint(1, BATCH))]
        return steps

    def listener_command(self, client):
        pick = self.random.choice
        channels = [pick(CHANNELS) for _ in range(pick((0, 1, 2)))]
        choices = [["SUBSCRIBE", *channels], ["UNSUBSCRIBE", *channels], ["SSUBSCRIBE", *channels],
                   ["SUNSUBSCRIBE", *channels], ["PSUBSCRIBE", pick(PATTERNS)],
                   ["PUNSUBSCRIBE", *[pick(PATTERNS) for _ in channels]]]
        if client == LISTENER_RESP3 and self.tracks:
            choices += [["MGET", *[pick(KEYS) for _ in range(3)]]] * 6
            choices += [["CLIENT", "TRACKING", pick(["on", "on", "off"]), *pick(
                [[], [], ["NOLOOP"], ["BCAST"], ["BCAST", "PREFIX", "c"], ["OPTIN"], ["OPTOUT"],
                 ["OPTIN", "OPTOUT"], ["PREFIX", "a"], ["REDIRECT", "0"], ["REDIRECT", "x"]])],
                ["CLIENT", "TRACKINGINFO"], ["CLIENT", "CACHING", pick(["yes", "no", "x"])],
                ["SET", pick(KEYS), "mine"]]
        return pick(choices)


def runs(steps):
    """[(index of the first step, client, [argv])]: what is sent in one write."""
    found = []
    for index, (client, argv) in enumerate(steps):
        if not found or found[-1][1] != client or len(found[-1][2]) == BATCH:
            found.append((index, client, []))
        found[-1][2].append(argv)
    return found


class Difference(Exception):
    """At step `index`, `theirs` is what redis-server said and `ours` what duet-server did."""

    def __init__(self, index, theirs, ours):
        super().__init__(index)
        self.index, self.theirs, self.ours = index, theirs, ours


def compare(index, theirs, ours, key=lambda x: x):
    if key(theirs) != key(ours):
        raise Difference(index, theirs, ours)


def play(steps, redis, duet):
    """Plays a script on both from the start; raises Difference."""
    for side in (redis, duet):
        side.reset()
    queued = {client: [] for client in SENDERS}
    for first, client, argvs in runs(steps):
        last = first + len(argvs) - 1
        answers = []
        for side in (redis, duet):
            try:
                side.send(client, argvs)
                answers.append(side.replies(client, len(argvs)))
            except (OSError, ValueError) as error:
                answers.append(repr(error))
        if client in LISTENERS or not all(isinstance(answer, list) for answer in answers):
            compare(last, *answers)
        else:
            for offset, (argv, theirs, ours) in enumerate(zip(argvs, *answers)):
                compare(first + offset, theirs, ours,
                        lambda reply: comparable(argv, reply, queued[client]))  # noqa: B023
                follow(argv, theirs, queued[client])
        for listener in LISTENERS:
            compare(last, *(side.messages(listener) for side in (redis, duet)))


def comparable(argv, reply, queued):
    if argv[0].upper() == "EXEC" and reply.startswith(b"*%d\r\n" % len(queued)) and queued:
        parts = random_commands.parts(reply)
        return [random_commands.comparable(*pair) for pair in zip(queued, parts)]
    return random_commands.comparable(argv, reply)


def follow(argv, reply, queued):
    """Keeps `queued` as the commands of the client's open transaction."""
    if reply == b"+QUEUED\r\n":
        queued.append(argv)
    elif argv[0].upper() in ("EXEC", "DISCARD", "MULTI", "RESET") and reply[:4] != b"-ERR":
        queued.clear()


def difference_of(steps, sides):
    try:
        play(steps, *sides)
    except Difference as difference:
        return difference
    return None


def shown(answer):
    if isinstance(answer, bytes):
        return cases.notation(answer)[:500]
    if isinstance(answer, tuple):
        frames, unordered = answer
        return f"{' '.join(map(shown, frames))}; in any order: {unordered}"
    return str(answer)[:500]


def report(steps, sides):
    """Prints the shortest script found that still shows a difference at such a command."""
    def name_at_difference(some):
        difference = difference_of(some, sides)
        return difference and some[difference.index][1][0].upper()

    name = steps[-1][1][0].upper()
    if name_at_difference(steps) != name:
        print("the difference does not come again: it depends on time or order")
        return
    steps = shrink(steps, lambda some: name_at_difference(some) == name)
    difference = difference_of(steps, sides)
    if difference is None:
        print("the difference did not come a second time")
        return
    for client, argv in steps[:difference.index + 1]:
        print(f"client {client} > " + " ".join(cases.quoted(w.encode("latin-1")) for w in argv))
    print(f"redis < {shown(difference.theirs)}\nduet  < {shown(difference.ours)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", default="", help="names of commands, separated by commas")
    options = parser.parse_args()
    names = [name for name in random_commands.GENERATORS if name not in options.without.split(",")]
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(contextlib.closing(Side(start)))
                 for start in (harness.Redis, harness.Duet)]
        for epoch in range(0, options.commands, EPOCH):
            count = min(EPOCH, options.commands - epoch)
            steps = Script(f"{options.seed}/{epoch}", names).steps(count)
            difference = difference_of(steps, sides)
            if difference is not None:
                print(f"seed {options.seed}, command {epoch + difference.index}: "
                      f"{steps[difference.index]}\nredis < {shown(difference.theirs)}\n"
                      f"duet  < {shown(difference.ours)}")
                report(steps[:difference.index + 1], sides)
                return 1
    print(f"{options.commands} commands, all replies equal (seed {options.seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
