#!/usr/bin/env python3
"""The size budget of shared/STYLE.md: headers of 250 lines, sources of 600, functions of 70.

A function is what clang-format makes it: from the line that opens its brace at namespace or class
level to the brace that closes it. Prints offenders; exits 1 if there are any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER_LINES, SOURCE_LINES, FUNCTION_LINES = 250, 600, 70

STRINGS = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
                     re.S)
# alignas(64), ABSL_LOCKABLE(...), TEST(...): parentheses that make no function of a class.
MACRO = re.compile(r"\b(?:alignas|[A-Z][A-Z_]{3,})\s*\([^()]*\)")
# What opens a brace that is not a function's body.
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^;()]*$|=\s*$|,\s*$|\($|return\s*$")


def without_text(source):
    """The source with strings and comments blanked, line by line as long as before."""
    return STRINGS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), source)


def functions(source):
    """(first line, length) of every function."""
    text = without_text(source)
    stack, line, statement_start, start_line = [], 1, 0, 1
    for at, char in enumerate(text):
        if char == "\n":
            line += 1
        elif char in ";}{":
            head = text[statement_start:at].strip()
            if char == "{":
                inside = any(kind == "function" for kind, _ in stack)
                body = not inside and "(" in head and not SCOPE.search(MACRO.sub("", head))
                lead = text[statement_start:at]
                first = line - lead.lstrip().count("\n")
                stack.append(("function" if body else "scope", first))
            elif char == "}" and stack:
                kind, first = stack.pop()
                if kind == "function":
                    yield first, line - first + 1
            statement_start = at + 1
    assert not stack, "unbalanced braces"


def offences(path):
    text = (ROOT / path).read_text()
    lines = text.count("\n")
    limit = HEADER_LINES if path.endswith(".h") else SOURCE_LINES
    if lines > limit:
        yield f"{path}: {lines} lines, {limit} at the most"
    for first, length in functions(text):
        if length > FUNCTION_LINES:
            yield f"{path}:{first}: a function of {length} lines, {FUNCTION_LINES} at the most"


def main():
    files = [str(path.relative_to(ROOT)) for top in ("server", "client", "tests")
             for path in sorted((ROOT / top).rglob("*")) if path.suffix in (".h", ".cc")]
    found = [offence for path in files for offence in offences(path)]
    print("\n".join(found + [f"{len(files)} files, {len(found)} over the budget"]))
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
