"""Reads tests/commands/cases/*.txt: the format of tests/support/case_file.h and notation.h."""
import dataclasses
import pathlib

DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "commands" / "cases"


@dataclasses.dataclass
class Step:
    line: int
    argv: list = dataclasses.field(default_factory=list)  # empty: only the clock turns
    advance_ms: int = 0
    kind: str = "bytes"  # bytes, regex or unordered
    expected: str | None = None


@dataclasses.dataclass
class Case:
    file: str
    line: int
    name: str
    beyond_redis: str | None = None  # why Redis 7.0 answers otherwise
    steps: list = dataclasses.field(default_factory=list)

    @property
    def place(self):
        return f"{self.file}:{self.line}"


class _Reader:
    """Words and replies of the notation; positions are bytes, since values are binary."""
    ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("0"): 0, ord('"'): 34, ord("\\"): 92}

    def __init__(self, text):
        self.text = text.encode()
        self.at = 0

    def at_end(self):
        return self.at >= len(self.text)

    def peek(self):
        return self.text[self.at:self.at + 1]

    def skip_spaces(self):
        while self.peek() == b" ":
            self.at += 1

    def take(self, prefix):
        if not self.text.startswith(prefix, self.at):
            return False
        self.at += len(prefix)
        return True

    def rest(self):
        self.at, rest = len(self.text), self.text[self.at:]
        return rest

    def word(self, stops=b""):
        if not self.take(b'"'):
            start = self.at
            while not self.at_end() and self.peek() != b" " and self.peek() not in stops_of(stops):
                self.at += 1
            return self.text[start:self.at]
        word = bytearray()
        while not self.take(b'"'):
            if self.at_end():
                raise ValueError(f"unterminated quotes: {self.text!r}")
            word += self._character()
        times = int(self.word(stops)) if self.take(b"*") else 1
        return bytes(word) * times

    def _character(self):
        byte = self.text[self.at]
        self.at += 1
        if byte != ord("\\"):
            return bytes([byte])
        escape = self.text[self.at]
        self.at += 1
        if escape == ord("x"):
            self.at += 2
            return bytes([int(self.text[self.at - 2:self.at], 16)])
        return bytes([self.ESCAPES[escape]])

    def reply(self, top=True):
        """The RESP bytes of the reply that follows."""
        self.skip_spaces()
        if self.take(b"nil"):
            return b"$-1\r\n"
        if self.take(b"*nil"):
            return b"*-1\r\n"
        for opening, kind, close in ((b"[", b"*", b"]"), (b"%{", b"%", b"}"), (b"~[", b"~", b"]"),
                                     (b">[", b">", b"]")):
            if self.take(opening):
                return self._aggregate(kind, close)
        if self.peek() == b'"':
            return bulk(b"$", self.word(b"]}"))
        if self.take(b"="):
            kind = self.word(b":")
            self.take(b":")
            return bulk(b"=", kind + b":" + self.word(b"]}"))
        kind = self.peek()
        if not kind or kind not in b"+-:,(#_":
            raise ValueError(f"unknown kind of reply: {self.text!r}")
        self.at += 1
        whole_line = kind in b"+-" and top and self.peek() != b'"'
        return kind + (self.rest() if whole_line else self.word(b"]}")) + b"\r\n"

    def _aggregate(self, kind, close):
        items = []
        self.skip_spaces()
        while not self.take(close):
            items.append(self.reply(top=False))
            self.skip_spaces()
        count = len(items) // 2 if kind == b"%" else len(items)
        return kind + b"%d\r\n" % count + b"".join(items)


def stops_of(stops):
    return {bytes([stop]) for stop in stops}


def bulk(kind, data):
    return kind + b"%d\r\n%s\r\n" % (len(data), data)


def words(line):
    reader, found = _Reader(line), []
    reader.skip_spaces()
    while not reader.at_end():
        found.append(reader.word())
        reader.skip_spaces()
    return found


def reply_bytes(notation):
    return _Reader(notation).reply()


def quoted(data):
    out = []
    for byte in data:
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif char in "\r\n":
            out.append({"\r": "\\r", "\n": "\\n"}[char])
        else:
            out.append(char if 0x20 <= byte < 0x7f else f"\\x{byte:02x}")
    return '"' + "".join(out) + '"'


def notation(data):
    """One whole reply as text."""
    return _notation(data, 0, True)[0]


def _notation(data, at, top):
    end = data.index(b"\r\n", at)
    kind, rest, at = chr(data[at]), data[at + 1:end], end + 2
    if kind in "+-":
        bare = top or (rest and not set(rest) & set(b' "]}'))
        return kind + (rest.decode("latin-1") if bare else quoted(rest)), at
    if kind in ":,(#_":
        return kind + rest.decode(), at
    count = int(rest)
    if count < 0:
        return ("*nil" if kind == "*" else "nil"), at
    if kind in "$=":
        body, at = data[at:at + count], at + count + 2
        if kind == "$":
            return quoted(body), at
        return f"={body[:3].decode()}:{quoted(body[4:])}", at
    items = []
    for _ in range(count * 2 if kind == "%" else count):
        item, at = _notation(data, at, False)
        items.append(item)
    opening, close = {"*": ("[", "]"), "%": ("%{", "}")}.get(kind, (kind + "[", "]"))
    return opening + " ".join(items) + close, at


def load(directory=DIRECTORY):
    """Every case of the directory's *.txt files."""
    return [case for path in sorted(directory.glob("*.txt")) for case in _load_file(path)]


def _load_file(path):
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        mark, _, text = line.partition(" ")
        if mark == "=":
            cases.append(Case(path.name, number, text))
        elif line.startswith("! beyond-redis-7.0 ") and text.partition(" ")[2]:
            cases[-1].beyond_redis = text.partition(" ")[2]
        elif line.startswith("@ advance "):
            cases[-1].steps.append(Step(number, advance_ms=int(line.split()[2])))
        elif mark == ">":
            cases[-1].steps.append(Step(number, argv=words(text)))
        elif mark in ("<", "<~", "<*"):
            step = cases[-1].steps[-1]
            step.kind = {"<": "bytes", "<~": "regex", "<*": "unordered"}[mark]
            step.expected = text
        elif line != "! connection":
            raise ValueError(f"{path.name}:{number}: malformed case: {line}")
    return cases
