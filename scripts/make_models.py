#!/usr/bin/env python3
"""Builds the ONNX models that the engine is tested and measured with.

Every model is made from code alone, so that nobody has to download weights:
LeNet-5 is really trained, the large image networks carry calibrated random
weights. See scripts/models/__init__.py for the table of models.
"""

import argparse
import sys
import time
from pathlib import Path

from models import RECIPES, BuildOptions, ModelQualityError

DEFAULT_SEED = 2024
ALL_MODELS = "all"
SYMBOLIC_BATCH = "batch"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build ONNX models for Mini-Infer.")
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        choices=[*RECIPES, ALL_MODELS],
        help=f"what to build: {', '.join(RECIPES)}, or '{ALL_MODELS}'",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write into")
    parser.add_argument(
        "--seed",
        type=_non_negative_integer,
        default=DEFAULT_SEED,
        help="seed of every random choice (default: %(default)s)",
    )
    parser.add_argument(
        "--batch",
        type=_non_negative_integer,
        default=1,
        help=f"batch size of the input; 0 makes it the symbolic dimension '{SYMBOLIC_BATCH}' "
        "(default: %(default)s; lenet5 is always symbolic)",
    )
    return parser.parse_args(arguments)


def _non_negative_integer(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def selected_names(requested: list[str]) -> list[str]:
    """Expands 'all' and drops repetitions, keeping the order of the request."""
    names = list(RECIPES) if ALL_MODELS in requested else requested
    return list(dict.fromkeys(names))


def main() -> int:
    arguments = parse_arguments()
    options = BuildOptions(seed=arguments.seed, batch=arguments.batch or SYMBOLIC_BATCH)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in selected_names(arguments.models):
        started = time.perf_counter()
        try:
            model_path = RECIPES[name](arguments.output, options)
        except ModelQualityError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 1
        seconds = time.perf_counter() - started
        megabytes = model_path.stat().st_size / 1e6
        print(f"{name}: wrote {model_path} ({megabytes:.2f} MB) in {seconds:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
