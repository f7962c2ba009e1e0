#!/usr/bin/env python3
"""Checks that includes follow the layers: arrows never turn back.

    scripts/check_layers.py [ROOT]

Reads src/, cuda/, include/mini_infer/ and tests/examples/ below ROOT (default: this checkout) and
prints one line, "file:line: rule", for each include that breaks a rule. Exit status 1 if there is any.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

# What a layer sees beside itself: internal headers ("ops/op_def.h") and public ones
# ("mini_infer/core/status.h") alike.
GRAPH = ["core"]
OPS = ["core", "graph"]
ABOVE_OPS = ["core", "graph", "ops"]
RUNTIME = ABOVE_OPS + ["planner", "judge", "importers", "optimizer", "schedule", "cpu", "cuda"]
SEES = {
    "core": [],
    "graph": GRAPH,
    "planner": ["core"],
    "judge": ["core", "planner"],
    "ops": OPS,
    "importers": ABOVE_OPS,
    "optimizer": ABOVE_OPS,
    "schedule": ABOVE_OPS,
    "cpu": ABOVE_OPS,
    "cuda": ABOVE_OPS,
    "runtime": RUNTIME,
    "report": RUNTIME + ["runtime"],
    "cli": RUNTIME + ["runtime", "report"],
}

# Headers that cost much or tie us to a library: the pattern of the include, the folder that may use
# it, and in how many files of that folder (None: any number). Never in a public header.
HEAVY = [
    (r"CLI/", "src/cli", 1),
    (r"nlohmann/", "src/report", 2),
    (r"nlohmann/", "src/cli", 1),
    (r"protozero/", "src/importers/onnx", None),
    (r"zlib\.h", "src/importers", 1),
    (r"cudnn", "cuda", 2),
    (r"cublas", "cuda", 2),
    (r"(cuda|cuda_runtime|cuda_fp16|cuda_bf16|nvtx3/.*)\.h", "cuda", None),
]

SOURCES = {".h", ".cpp", ".cu", ".cuh"}
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


def includes(path):
    """(line number, '"' or '<', included path) of each include in a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if found := INCLUDE.match(line):
            yield number, found[1], found[2]


def files_below(root, folder):
    base = root / folder
    return sorted(path for path in base.rglob("*") if path.suffix in SOURCES)


def layer_of_include(included):
    """The layer an include belongs to; None for the umbrella header and for what is in no layer."""
    parts = Path(included).parts
    if parts[0] == "mini_infer":
        parts = parts[1:]
    return parts[0] if len(parts) > 1 and parts[0] in SEES else None


def check_layer(layer, bracket, included):
    """Why a file of `layer` may not include this; None if it may."""
    ours = bracket == '"' or included.startswith("mini_infer/")
    if not ours:
        return None
    target = layer_of_include(included)
    if target is None:
        return f"'{included}' is in no layer; name a header of one, by its path from src/ or include/"
    if target != layer and target not in SEES[layer]:
        return f"'{layer}' may not include '{included}': it sees {', '.join(SEES[layer]) or 'only itself'}"
    return None


def check_public(name, bracket, included):
    """Why a public header may not include this; None if it may."""
    if name.endswith("/c_api.h") and included in ("stddef.h", "stdint.h"):
        return None
    if included.startswith("mini_infer/"):
        return None
    if bracket == '"':
        return f"a public header may not include the internal '{included}'"
    if "/" in included or included.endswith(".h"):
        return f"a public header may include the standard library only, not <{included}>"
    return None


class Heavy:
    """Counts the files of a folder that use a heavy header."""

    def __init__(self):
        self.users = defaultdict(set)

    def check(self, name, included):
        rules = [rule for rule in HEAVY if re.match(rule[0], included)]
        if not rules:
            return None
        allowed = [rule for rule in rules if name.startswith(rule[1] + "/")]
        if not allowed:
            return f"<{included}> belongs in {' or '.join(rule[1] for rule in rules)}"
        pattern, folder, limit = allowed[0]
        users = self.users[pattern, folder]
        users.add(name)
        if limit is not None and len(users) > limit:
            return f"<{included}> in more than {limit} file(s) of {folder}: {', '.join(sorted(users))}"
        return None


def check(root):
    """All broken rules of a tree, as "file:line: rule"."""
    errors = []
    heavy = Heavy()

    def report(path, rules_of):
        name = path.relative_to(root).as_posix()
        for number, bracket, included in includes(path):
            for rule in rules_of(bracket, included) + [heavy.check(name, included)]:
                if rule:
                    errors.append(f"{name}:{number}: {rule}")

    for layer in SEES:
        folder = "cuda" if layer == "cuda" else f"src/{layer}"
        for path in files_below(root, folder):
            report(path, lambda b, i, layer=layer: [check_layer(layer, b, i)])
        for path in files_below(root, f"include/mini_infer/{layer}"):
            report(path, lambda b, i, layer=layer, name=str(path): [check_layer(layer, b, i) or check_public(name, b, i)])
    # The umbrella sees every public header; examples are written as a user writes.
    umbrella = [path for path in [root / "include/mini_infer/mini_infer.h"] if path.exists()]
    for path in umbrella + files_below(root, "tests/examples"):
        report(path, lambda b, i, name=str(path): [check_public(name, b, i)])
    return errors


def unknown_folders(root):
    """Folders of src/ and include/mini_infer/ that the table does not know."""
    found = [path for base in ("src", "include/mini_infer") for path in (root / base).glob("*/")]
    return [f"{path.relative_to(root).as_posix()}:1: no layer of this name in scripts/check_layers.py"
            for path in sorted(found) if path.is_dir() and path.name not in SEES]


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    errors = unknown_folders(root) + check(root)
    print("\n".join(errors) if errors else "includes follow the layers")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
