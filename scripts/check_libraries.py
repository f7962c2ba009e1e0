#!/usr/bin/env python3
"""Checks what built files export and what they need, so that they are good guests in any program.

    scripts/check_libraries.py [--nm NM] [--readelf READELF] [--needs NAME]... FILE...

A library (*.so*) exports nothing but our own symbols: the C functions mini_infer_* and the namespace
mini_infer. A file needs nothing at run time but the C and C++ libraries, zlib, and libraries of ours;
each --needs allows one more, by the start of its name. Prints one line, "file: rule", for each
symbol or library that breaks a rule. Exit status 1 if there is any.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

OURS = re.compile(r"mini_infer_\w+$|_ZN[KOR]{0,2}10mini_infer|_ZT[ISV]N10mini_infer")
# libdl and libpthread are parts of the C library: files of their own in glibc before 2.34.
SYSTEM = re.compile(
    r"(libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|libz|ld-linux[\w-]*|libmini_infer\w*)\.so\b")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exports(nm, path):
    """Names of the symbols that others can link to, without their versions."""
    lines = output_of(nm, "--dynamic", "--defined-only", "--format=posix", path).splitlines()
    return sorted(line.split()[0].split("@")[0] for line in lines if line.strip())


def needs(readelf, path):
    """Names of the libraries that the loader must find."""
    return re.findall(r"\(NEEDED\)[^\[\n]*\[([^\]]+)\]", output_of(readelf, "--dynamic", "--wide", path))


def check(path, nm, readelf, also_needed):
    """All broken rules of a file, as "file: rule"."""
    name = Path(path).name
    errors = []
    if ".so" in name:
        found = exports(nm, path)
        errors += [f"{name}: exports '{symbol}', which is not ours" for symbol in found if not OURS.match(symbol)]
        if not found:
            errors.append(f"{name}: exports nothing, so nobody can use it")
    errors += [f"{name}: needs '{library}' at run time" for library in needs(readelf, path)
               if not SYSTEM.match(library) and not library.startswith(tuple(also_needed))]
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--needs", action="append", default=[], metavar="NAME")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    errors = [error for path in options.files
              for error in check(path, options.nm, options.readelf, options.needs)]
    print("\n".join(errors) if errors else f"{len(options.files)} files export and need what they may")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
