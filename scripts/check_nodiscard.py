#!/usr/bin/env python3
"""Checks that nobody can ignore an error by accident: what returns a Status is [[nodiscard]].

    scripts/check_nodiscard.py [ROOT]

Reads the headers of include/, src/, cuda/, tests/ and benchmarks/ below ROOT (default: this
checkout). Prints one line, "file:line: rule", for each function that returns a Status by value
without [[nodiscard]], and for a class Result without it. Lambdas, function pointers and
std::function cannot carry the attribute, so they are left out. A definition outside its class needs
none, because the attribute of the declaration counts. Exit status 1 if there is any such line.
"""

import re
import sys
from pathlib import Path

FOLDERS = ["include", "src", "cuda", "tests", "benchmarks"]
HEADERS = {".h", ".cuh", ".hpp"}

# The integration guide calls these bare, and its lines must compile without a warning.
CALLED_BARE = {"set_alignment"}

COMMENTS_AND_TEXTS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'""", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)
STATUS = r"(?:(?:::\s*)?(?:\w+\s*::\s*)*\bStatus)"
NAME = r"(?P<name>operator\s*(?:\(\s*\)|[^\s\w(]+)|\w+)"
FUNCTION = re.compile(rf"(?<![\w:]){STATUS}\s+{NAME}\s*\(")
TRAILING = re.compile(rf"\bauto\s+{NAME}\s*\([^;{{}}]*->\s*{STATUS}\b\s*[^\s&*\w:]")
RESULT = re.compile(r"\bclass\s+(?P<attribute>\[\[\s*nodiscard\s*\]\]\s*)?(?P<name>Result)\s*\{")
# What ends the declaration before: a statement, a body, an access specifier.
BOUNDARY = re.compile(r"[;{}]|\b(?:public|protected|private)\s*:(?!:)")


def blank(text, pattern):
    """The text with spaces in place of what the pattern finds; line breaks stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def is_marked(text, start):
    """Whether the declaration that goes on at `start` began with [[nodiscard]]."""
    begin = max((found.end() for found in BOUNDARY.finditer(text, 0, start)), default=0)
    return re.search(r"\[\[[^\]]*\bnodiscard\b", text[begin:start]) is not None


def check_text(text):
    """(line number, rule) of each declaration of a header that lacks the attribute."""
    text = blank(blank(text, COMMENTS_AND_TEXTS), DIRECTIVE)
    found = [(match, f"'{match['name']}' returns a Status: declare it [[nodiscard]]")
             for pattern in (FUNCTION, TRAILING) for match in pattern.finditer(text)
             if match["name"] not in CALLED_BARE and not is_marked(text, match.start())]
    found += [(match, "'Result' must be a [[nodiscard]] class")
              for match in RESULT.finditer(text) if not match["attribute"]]
    return sorted((text.count("\n", 0, match.start("name")) + 1, rule) for match, rule in found)


def check(root):
    """All unmarked declarations of a tree, as "file:line: rule"."""
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*")
                   if path.suffix in HEADERS)
    return [f"{path.relative_to(root).as_posix()}:{number}: {rule}"
            for path in paths for number, rule in check_text(path.read_text(encoding="utf-8"))]


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    errors = check(root)
    print("\n".join(errors) if errors else "every function that returns a Status is [[nodiscard]]")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
