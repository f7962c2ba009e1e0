#!/usr/bin/env python3
"""Checks that objects of vector code define no weak symbols.

    scripts/check_simd_symbols.py [--nm NM] OBJECT...

The linker keeps one copy of a weak symbol, maybe the one with instructions that an older machine
lacks. Prints one line, "object: symbol", for each. Exit status 1 if there is any.
"""

import argparse
import subprocess
import sys

# What nm calls weak functions, weak data and unique data that are defined.
WEAK = {"W", "V", "u"}


def weak_symbols(nm, path):
    """The names of the weak symbols that an object defines."""
    listing = subprocess.run(
        [nm, "--defined-only", "--demangle", path], capture_output=True, text=True, check=True
    )
    rows = (line.split(maxsplit=2) for line in listing.stdout.splitlines())
    return [row[2] for row in rows if len(row) == 3 and row[1] in WEAK]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nm", default="nm")
    parser.add_argument("objects", nargs="+", metavar="OBJECT")
    arguments = parser.parse_args()
    found = [(path, name) for path in arguments.objects for name in weak_symbols(arguments.nm, path)]
    for path, name in found:
        print(f"{path}: {name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
