#!/usr/bin/env python3
"""Builds the ONNX models that the engine is tested and measured with.

Every model is made from code alone, so that nobody has to download weights:
LeNet-5 is really trained, the others carry calibrated random weights. See
scripts/models/__init__.py for the table of models.
"""

import argparse
import sys
import time
from pathlib import Path

from models import RECIPES, BuildError, BuildOptions
from models.options import DEFAULT_OPSET, DEFAULT_SEQUENCE

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
    transformers = parser.add_argument_group("transformers")
    transformers.add_argument(
        "--sequence",
        type=_positive_integer,
        default=DEFAULT_SEQUENCE,
        help="tokens that bert reads, and that gpt2 has read before; symbolic if the batch is "
        "(default: %(default)s)",
    )
    transformers.add_argument(
        "--vocabulary",
        type=_positive_integer,
        help="tokens that exist, for smaller files (default: 30522 of bert_base, 50257 of "
        "gpt2_small, 100 of the tiny ones)",
    )
    transformers.add_argument(
        "--opset",
        type=int,
        choices=[13, 17],
        default=DEFAULT_OPSET,
        help="13 writes LayerNormalization out in basic operators, and adds _op13 to the name "
        "(default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _non_negative_integer(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def _positive_integer(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def selected_names(requested: list[str]) -> list[str]:
    """Expands 'all' and drops repetitions, keeping the order of the request."""
    names = list(RECIPES) if ALL_MODELS in requested else requested
    return list(dict.fromkeys(names))


def main() -> int:
    arguments = parse_arguments()
    options = BuildOptions(
        seed=arguments.seed,
        batch=arguments.batch or SYMBOLIC_BATCH,
        sequence=arguments.sequence,
        vocabulary=arguments.vocabulary,
        opset=arguments.opset,
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in selected_names(arguments.models):
        started = time.perf_counter()
        try:
            model_path = RECIPES[name](arguments.output, options)
        except BuildError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 1
        seconds = time.perf_counter() - started
        megabytes = model_path.stat().st_size / 1e6
        print(f"{name}: wrote {model_path} ({megabytes:.2f} MB) in {seconds:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
