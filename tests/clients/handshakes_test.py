#!/usr/bin/env python3
"""What clients that cannot be had here say at connect (handshakes/*.txt), each step and reply.

A file holds cases in the notation of tests/support/notation.h:
    = name                a case, on a connection of its own
    > WORD...             a command
    < REPLY, <~ REGEX     what its reply must be, or match in that notation
    other> WORD...        a command of another client; its reply is not looked at
    push < REPLY          what comes unasked, after what another client did
Each case runs twice: step by step, and up to the first step of another client in one write.
"""
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "compat")]

import cases  # noqa: E402
from harness import Duet, encode  # noqa: E402


def steps_of(path):
    """{case name: [(kind, text)]}, kind being one of the marks."""
    found = {}
    for line in path.read_text().splitlines():
        mark = re.match(r"(=|>|<~|<|other>|push <) (.*)", line)
        if not mark:
            assert not line or line.startswith("#"), line
        elif mark[1] == "=":
            steps = found.setdefault(mark[2], [])
        else:
            steps.append((mark[1], mark[2]))
    return found


class Handshakes(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())
        self.client = self.enterContext(self.server.connect())
        self.other = self.enterContext(self.server.connect())

    def expect(self, kind, expected):
        reply = self.client.read_raw()
        if kind == "<~":
            self.assertRegex(cases.notation(reply), re.compile(expected, re.S))
        else:
            self.assertEqual(cases.notation(reply), cases.notation(cases.reply_bytes(expected)))

    def play(self, steps, in_one_write):
        kinds = [kind for kind, _ in steps]
        ahead = kinds.index("other>") if "other>" in kinds else len(steps)
        if in_one_write:
            self.client.send(b"".join(encode(*cases.words(text))
                                      for kind, text in steps[:ahead] if kind == ">"))
        for at, (kind, text) in enumerate(steps):
            with self.subTest(step=text):
                if kind == ">" and not (in_one_write and at < ahead):
                    self.client.send(encode(*cases.words(text)))
                elif kind == "other>":
                    self.other.raw(*cases.words(text))
                elif kind != ">":
                    self.expect(kind, text)


def add_test(path, name, steps):
    for in_one_write in (False, True):
        how = "in one write" if in_one_write else "step by step"
        setattr(Handshakes, f"test {path.stem}: {name}: {how}",
                lambda self, batched=in_one_write: self.play(steps, batched))


for file in sorted((HERE / "handshakes").glob("*.txt")):
    for case_name, case_steps in steps_of(file).items():
        add_test(file, case_name, case_steps)

if __name__ == "__main__":
    unittest.main(verbosity=2)
