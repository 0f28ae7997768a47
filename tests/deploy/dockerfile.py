"""Reads deploy/Dockerfile, as far as it goes: FROM, COPY, RUN with a cache, and what the last stage says
of how it is run. A word that it does not know is an error."""
import dataclasses
import json
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/Dockerfile"


@dataclasses.dataclass
class Stage:
    """One FROM, and what follows it."""

    base: str
    name: str
    steps: list = dataclasses.field(default_factory=list)  # (word, rest) in order
    settings: dict = dataclasses.field(default_factory=dict)  # USER, ENTRYPOINT, EXPOSE, ...
    environment: dict = dataclasses.field(default_factory=dict)


def stages(text=None):
    """The stages in order."""
    text = FILE.read_text() if text is None else text
    text = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    found = []
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
        elif word in ("COPY", "RUN", "WORKDIR", "SHELL"):
            found[-1].steps.append((word, rest))
        elif word == "ENV":
            found[-1].environment.update(each.split("=", 1) for each in shlex.split(rest))
        elif word == "ENTRYPOINT":
            found[-1].settings[word] = json.loads(rest)
        elif word in ("USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"):
            found[-1].settings[word] = rest
        else:
            raise ValueError(f"deploy/Dockerfile: {word} is not known here")
    return found


def user():
    """(uid, gid) that the image runs as."""
    uid, gid = stages()[-1].settings["USER"].split(":")
    return int(uid), int(gid)
