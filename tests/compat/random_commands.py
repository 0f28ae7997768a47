"""Random commands for random_script.py: mostly valid, often odd, from few keys and few values, so
that they meet each other's results.

What differs by nature is left out or made comparable (`comparable`): the clock, random choices,
the order of a scan, memory. Nothing expires while a script runs: times lie far ahead, or behind.
When a family of commands lands, add its generators to the table here.
"""
import random

import harness
from differential import elements

KEYS = ["a", "b", "c", "counter", "long", "", "k\x00\r\n", "7"]
INTEGERS = ["0", "1", "-1", "5", "100", "4294967296", "2147483648", "-2147483649",
            "9223372036854775806", "9223372036854775807", "-9223372036854775808",
            "9223372036854775808", "-9223372036854775809", "18446744073709551616"]
NO_INTEGERS = ["007", "+5", "1.5", "1e3", "-0", "-0.0", " 1", "1 ", "abc", "", "0x10", "1_000",
               "3.0e-5", "inf", "-inf", "nan", "1e308", "1.7976931348623157e308", "5e-324",
               "1" * 40, "0." + "3" * 30, "--1", "1\x00"]
NUMBERS = INTEGERS + NO_INTEGERS
BINARY = ["\x00", "\xff\xfe", "a\r\nb", "\x00" * 44, "*1\r\n$4\r\nPING\r\n", "é"]
VALUES = ["", "x", "hello", "ohmytext", "mynewtext", "v" * 44, "v" * 45, "w" * 300, "z" * 20_000,
          *BINARY, *NUMBERS]
OFFSETS = ["0", "1", "2", "5", "44", "100", "-1", "-3", "-100", "2147483647", "4294967295",
           "9223372036854775807", "-9223372036854775808", "9223372036854775808", "abc", "1.0", ""]
# SETRANGE at more than this grows a value by megabytes, up to where it is refused.
WRITE_OFFSETS = ["0", "1", "5", "44", "1000", "-1", "536870912", "4294967295",
                 "9223372036854775807", "9223372036854775808", "abc", ""]
FUTURE = ["4102444800", "4102444801", "5000000000"]  # seconds
PAST = ["1", "1000"]
BAD_TIMES = ["0", "-1", "abc", "9223372036854775807", "-9223372036854775808", "9223372036854775",
             "1.5", "", "9223372036854775808"]
# 9223372036854775 ms from now is a time, and another one for each server.
BAD_DELAYS_MS = [time for time in BAD_TIMES if time != "9223372036854775"]
PATTERNS = ["*", "?", "??*", "[a-c]", "c*", "\\*", "[^a]", "*l*n*", "", "[", "[a", "\\", "**a", "k*"]
DATABASES = ["0", "1", "2", "15", "16", "-1", "abc", "", "9223372036854775808"]
# No empty channel: in Redis a pattern of stars does not match it (in KEYS it does), in Duet it does.
CHANNELS = ["news", "more", "n\x00", "a"]


class Generator:
    """Commands, each a list of str whose characters are bytes (latin-1). Seeded."""

    def __init__(self, seed, names):
        self.random = random.Random(seed)
        self.names = [name for name in names for _ in range(WEIGHTS.get(name, 2))]

    def pick(self, *choices):
        return self.random.choice(choices)

    def of(self, choices):
        return self.random.choice(choices)

    def key(self):
        return self.of(KEYS)

    def value(self):
        return self.of(VALUES)

    def keys(self, least=0):
        return [self.key() for _ in range(self.random.randint(least, 4))]

    def pairs(self):
        words = [w for _ in range(self.random.randint(0, 3)) for w in (self.key(), self.value())]
        return words + ([self.key()] if self.random.random() < 0.1 else [])

    def time(self, scale):
        kind = self.random.random()
        if kind < 0.6:
            return str(int(self.of(FUTURE)) * scale)
        return self.of(PAST if kind < 0.8 else BAD_TIMES)

    def some(self, *choices):
        """Zero to two of the choices, each a list of words."""
        return [w for c in self.random.sample(choices, self.pick(0, 1, 1, 2)) for w in c]

    def cased(self, word):
        return self.pick(word, word, word.lower(), word.capitalize())

    def command(self):
        name = self.of(self.names)
        words = [self.cased(name), *GENERATORS[name](self)]
        if name in AS_THEY_ARE:
            return words
        odd = self.random.random()
        if odd < 0.01:
            return words[:-1] or ["PING"]  # one too few
        if odd < 0.02 and words[-1].lower() not in ("ex", "px"):  # a time that comes soon
            # One too many, without a NUL: Redis writes words into its error texts as C strings.
            return [*words, self.of(["bogus", "", *NUMBERS[:-1]])]
        return words


def set_options(g):
    # No past times: when SET has made an expired key, DBSIZE depends on who looks first.
    future = g.of(FUTURE)
    return g.some(["NX"], ["XX"], ["GET"], ["KEEPTTL"], ["EXAT", future], ["PXAT", future + "000"],
                  ["EX", g.of(BAD_TIMES)], ["px"], ["bogus"], ["get"], ["nX"])


def expire_options(g):
    return g.some(["NX"], ["XX"], ["GT"], ["LT"], ["bogus"], ["nx"])


def getex_options(g):
    return g.some(["PERSIST"], ["EXAT", g.time(1)], ["PXAT", g.time(1000)], ["EX"],
                  ["PX", g.of(BAD_DELAYS_MS)])


def lcs_options(g):
    return g.some(["LEN"], ["IDX"], ["MINMATCHLEN", g.of(OFFSETS)], ["WITHMATCHLEN"], ["bogus"])


def copy_options(g):
    return g.some(["REPLACE"], ["DB", g.of(DATABASES)], ["bogus"])


def scan_options(g):
    return g.some(["MATCH", g.of(PATTERNS)], ["COUNT", g.pick("100000", "0", "-1", "x")],
                  ["TYPE", g.pick("string", "STRING", "list", "nonsense")], ["bogus"])


def scan(g):
    # With so high a COUNT all keys come at once, and the cursor is 0.
    options = scan_options(g)
    return ["0", *options, *([] if "COUNT" in options else ["COUNT", "100000"])]


def sort_options(g):
    return g.some(["ALPHA"], ["LIMIT", g.of(OFFSETS), g.of(OFFSETS)], ["STORE", g.key()], ["DESC"],
                  ["BY", "nosort"], ["bogus"])


def another(g):
    """A command inside another's arguments (COMMAND GETKEYS), which Redis 7.0 wants two words of;
    later ones take a lone word."""
    name = g.of(g.names)
    return [name, *(GENERATORS[name](g) or ["x"])]


def client(g):
    return g.pick(["SETNAME", g.value()], ["SETNAME", "plain"], ["GETNAME"], ["NO-EVICT", "off"],
                  ["NO-EVICT", "x"], ["REPLY", "ON"], ["REPLY", "x"], ["KILL", "1.2.3.4:5"],
                  ["KILL", "ID", g.of(INTEGERS[:1] + NO_INTEGERS)], ["KILL", "TYPE", "x"],
                  ["KILL", "SKIPME", "maybe"], ["UNBLOCK", "99999"], ["UNBLOCK", g.value()],
                  ["CACHING", "yes"], ["GETREDIR"], ["TRACKING", "x"], ["PAUSE", "x"], ["LIST", "ID"],
                  ["LIST", "TYPE", "x"], ["TRACKINGINFO"], ["bogus"], [])


def config(g):
    return g.pick(["GET"], ["GET", "databases"], ["GET", "nothing-of-that-name"], ["SET"],
                  ["SET", "maxmemory"], ["SET", "maxmemory", "x"], ["SET", "timeout", "abc"],
                  ["SET", "no-such-setting", "1"], ["SET", "maxmemory-policy", "x"], ["bogus"],
                  ["SET", "maxmemory", "1gb", "maxmemory", "2gb"], ["GET", "maxmemory-policy"])


def obj(g):
    return g.pick(["ENCODING", g.key()], ["ENCODING", g.key()], ["FREQ", g.key()], ["bogus"], [],
                  ["REFCOUNT", "missing"], ["IDLETIME", "missing"], ["encoding"])


# One command and its arguments. A name's weight is in WEIGHTS, 2 where it has none.
GENERATORS = {
    "SET": lambda g: [g.key(), g.value(), *set_options(g)],
    "GET": lambda g: [g.key()],
    "SETNX": lambda g: [g.key(), g.value()],
    "SETEX": lambda g: [g.key(), g.of(BAD_TIMES), g.value()],
    "PSETEX": lambda g: [g.key(), g.of(BAD_DELAYS_MS), g.value()],
    "GETSET": lambda g: [g.key(), g.value()],
    "GETDEL": lambda g: [g.key()],
    "GETEX": lambda g: [g.key(), *getex_options(g)],
    "MGET": lambda g: g.keys(),
    "MSET": lambda g: g.pairs(),
    "MSETNX": lambda g: g.pairs(),
    "APPEND": lambda g: [g.key(), g.value()],
    "STRLEN": lambda g: [g.key()],
    "GETRANGE": lambda g: [g.key(), g.of(OFFSETS), g.of(OFFSETS)],
    "SUBSTR": lambda g: [g.key(), g.of(OFFSETS), g.of(OFFSETS)],
    "SETRANGE": lambda g: [g.key(), g.of(WRITE_OFFSETS), g.value()],
    "INCR": lambda g: [g.key()],
    "DECR": lambda g: [g.key()],
    "INCRBY": lambda g: [g.key(), g.of(NUMBERS)],
    "DECRBY": lambda g: [g.key(), g.of(NUMBERS)],
    "INCRBYFLOAT": lambda g: [g.key(), g.of(NUMBERS)],
    "LCS": lambda g: [g.key(), g.key(), *lcs_options(g)],
    "DEL": lambda g: g.keys(),
    "UNLINK": lambda g: g.keys(),
    "EXISTS": lambda g: g.keys(),
    "TOUCH": lambda g: g.keys(),
    "TYPE": lambda g: [g.key()],
    "EXPIREAT": lambda g: [g.key(), g.time(1), *expire_options(g)],
    "PEXPIREAT": lambda g: [g.key(), g.time(1000), *expire_options(g)],
    "EXPIRE": lambda g: [g.key(), g.of(BAD_TIMES), *expire_options(g)],
    "PEXPIRE": lambda g: [g.key(), g.of(BAD_DELAYS_MS), *expire_options(g)],
    "EXPIRETIME": lambda g: [g.key()],
    "PEXPIRETIME": lambda g: [g.key()],
    "PERSIST": lambda g: [g.key()],
    "RENAME": lambda g: [g.key(), g.key()],
    "RENAMENX": lambda g: [g.key(), g.key()],
    "COPY": lambda g: [g.key(), g.key(), *copy_options(g)],
    "MOVE": lambda g: [g.key(), g.of(DATABASES)],
    "SELECT": lambda g: [g.pick("0", "0", "0", g.of(DATABASES))],
    "SWAPDB": lambda g: [g.of(DATABASES), g.of(DATABASES)],
    "KEYS": lambda g: [g.of(PATTERNS)],
    "SCAN": scan,
    "DBSIZE": lambda g: [],
    "RANDOMKEY": lambda g: [],
    "FLUSHDB": lambda g: g.pick([], ["ASYNC"], ["SYNC"], ["bogus"]),
    "FLUSHALL": lambda g: g.pick([], ["ASYNC"], ["SYNC"], ["bogus"]),
    "ECHO": lambda g: [g.value()],
    "PING": lambda g: g.pick([], ["hi"], ["two", "words"]),
    "GETT": lambda g: [g.value()[:200], *g.keys()],
    "HELLO": lambda g: g.pick(["2"], ["2"], ["2", "bogus"], ["4"], ["x"], ["2", "SETNAME", "a b"],
                              ["2", "AUTH", "nobody", "wrong"]),
    "AUTH": lambda g: g.pick(["x"], ["nobody", "x"], ["a", "b", "c"]),
    "CLIENT": client,
    "CONFIG": config,
    "OBJECT": obj,
    "COMMAND": lambda g: ["GETKEYS", *another(g)],
    "MEMORY": lambda g: g.pick(["USAGE", g.key()], ["USAGE", g.key(), "SAMPLES", g.of(INTEGERS)],
                               ["USAGE"], ["bogus"]),
    "DUMP": lambda g: [g.key()],
    "RESTORE": lambda g: [g.key(), g.pick("0", "-1", "x"), g.of(PAYLOADS),
                          *g.some(["REPLACE"], ["ABSTTL"], ["IDLETIME", "5"], ["FREQ", "300"])],
    "SORT": lambda g: [g.key(), *sort_options(g)],
    "SORT_RO": lambda g: [g.key(), *sort_options(g)],
    "MULTI": lambda g: [],
    "EXEC": lambda g: [],
    "DISCARD": lambda g: [],
    "WATCH": lambda g: g.keys(),
    "UNWATCH": lambda g: [],
    "PUBLISH": lambda g: [g.of(CHANNELS), g.value()],
    "SPUBLISH": lambda g: [g.of(CHANNELS), g.value()],
    "PUBSUB": lambda g: g.pick(["NUMPAT"], ["NUMSUB", *[g.of(CHANNELS)]], ["NUMSUB"], ["bogus"],
                               ["CHANNELS"], ["CHANNELS", g.of(PATTERNS)], ["SHARDCHANNELS"],
                               ["SHARDNUMSUB", "a", "news"]),
    "WAIT": lambda g: [g.pick("0", "0", "-1", "x"), g.pick("1", "-1", "x")],
    "LOLWUT": lambda g: ["VERSION", "x"],
    "RESET": lambda g: [],
}
# Without a word too few or too many: Redis 7.0 asks for one more in COMMAND GETKEYS than later ones,
# and sees to AUTH in HELLO before it has read the rest. CONFIG SET would get a value: Redis takes an
# empty one and more memory than there is, and with little memory nothing is equal any more.
AS_THEY_ARE = {"COMMAND", "HELLO", "CONFIG"}
WEIGHTS = {
    "SET": 8, "GET": 4, "APPEND": 3, "SETRANGE": 3, "INCRBYFLOAT": 3, "OBJECT": 4, "EXEC": 4,
    "FLUSHALL": 1, "FLUSHDB": 1, "RESET": 1, "PUBLISH": 4}


def crc64(data):
    """The checksum at the end of a DUMP: CRC-64 with Jones' polynomial, bits reflected."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


def dump(value, version=10):
    """What DUMP of an RDB version makes of a value as RDB has it, as a word."""
    body = value + version.to_bytes(2, "little")
    return (body + crc64(body).to_bytes(8, "little")).decode("latin-1")


# Of Redis 7.0 and others, and what no Redis wrote. None is longer than its bytes: there Redis reads
# on, into the version and checksum behind them.
PAYLOADS = [
    dump(b"\0\5hello"), dump(b"\0\5hello", 6), dump(b"\0\0"), dump(b"\0\5hello", 99),
    dump(b"\0\xc0\x85"), dump(b"\0\xc1\0\x80"), dump(b"\0\xc2\xff\xff\xff\x7f"),  # integers
    dump(b"\0\xc3\5\x14\0a\xe0\x0a\0"), dump(b"\0\xc3\5\x15\0a\xe0\x0a\0"),  # compressed
    dump(b"\0\x40\x64" + b"x" * 100), dump(b"\0\x05hellooo"),
    dump(b"\0\x81\0\4\0\0\0\0\0\0"), dump(b"\xfe\1x"), dump(b""),
    dump(b"\0\5hello")[:-1] + "?", "\0\5hello", "", "x" * 30]


def parts(reply):
    """The elements of an array reply, in order, as raw bytes."""
    end = reply.index(b"\r\n") + 2
    found = []
    while end < len(reply):
        start, end = end, harness.reply_end(reply, end)
        found.append(reply[start:end])
    return found


def comparable(argv, reply):
    """What of the reply has to be equal. `argv` is the command's words, the name in any case."""
    name = argv[0].upper()
    words = [word.upper() for word in argv[1:2]]
    if reply[:1] in b"-" or reply.startswith(b"+QUEUED"):
        return reply
    if name in ("KEYS",) or (name == "PUBSUB" and words and words[0].endswith("CHANNELS")):
        return elements(reply)
    if name == "SCAN":
        return elements(reply[len(b"*2\r\n$1\r\n0\r\n"):]) if reply[:11] == b"*2\r\n$1\r\n0\r\n" else reply
    if (name == "COMMAND" and not words) or (name == "CLIENT" and words == ["LIST"]):
        return reply[:1]  # Redis has commands that Duet has not, and connections of its own
    if name == "LOLWUT":
        return reply[:1]  # a picture and the version
    if name == "HELLO":
        return reply[:3]  # names the server, its version and the connection
    if name == "RANDOMKEY" or name == "DUMP" or (name == "MEMORY" and words == ["USAGE"]):
        return reply[:3] == b"$-1"  # whether there is one
    return reply
