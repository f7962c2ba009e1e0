#!/usr/bin/env python3
"""Measures Mini-Infer beside ONNX Runtime: speed, memory, load, layers, fusion.

Models come from scripts/make_models.py with --batch 0, and from the test data.
Writes DATE-cpu.json, and DATE-cpu.md for people.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from comparison import long_model, machine
from comparison.cases import CASES, Case
from comparison.gates import LONG_MODEL_NODES
from comparison.measure import Effort, Record, Sides, measure
from comparison.report import markdown
from comparison.sides import MiniInfer, OnnxRuntime

ROOT = Path(__file__).resolve().parents[1]
TEST_DATA = "MINI_INFER_TEST_DATA"
SCHEMA = {"schema": "mini-infer.comparison", "version": 1}


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", type=Path, required=True, help="folder that make_models.py --batch 0 wrote into"
    )
    parser.add_argument(
        "--test-data",
        type=Path,
        default=os.environ.get(TEST_DATA),
        help=f"folder with models/ (default: {TEST_DATA} of the environment)",
    )
    parser.add_argument("--mini-infer", type=Path, default=ROOT / "build/release/mini-infer")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results")
    parser.add_argument("--only", nargs="+", default=[""], help="models with one of these words")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--warm-up", type=float, default=0.5, help="seconds")
    parser.add_argument("--seconds", type=float, default=2.0, help="per side and round")
    parser.add_argument("--seed", type=int, default=2024, help="of the inputs")
    return parser.parse_args(arguments)


def measure_if_there(case: Case, arguments: argparse.Namespace, sides: Sides) -> Record:
    model = case.path(arguments.models, arguments.test_data)
    if model is None or not model.exists():
        return {"title": case.title, "failed": f"skipped: no {model or TEST_DATA}"}
    return measure(case, model, sides, arguments.threads, effort_of(arguments))


def effort_of(arguments: argparse.Namespace) -> Effort:
    return Effort(arguments.rounds, arguments.warm_up, arguments.seconds, arguments.seed)


def long_model_planning(ours: MiniInfer, rounds: int) -> float:
    with TemporaryDirectory() as folder:
        job = long_model.write(Path(folder), LONG_MODEL_NODES)
        return ours.planning(job, rounds)


def summary(record: Record) -> str:
    if "failed" in record:
        return record["failed"]
    threads = record["threads"].items()
    return ", ".join(
        f"{count} thread(s): {figures.get('failed') or format(figures['ratio'], '.2f')}"
        for count, figures in threads
    )


def write(result: Record, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{result['machine']['date']}-cpu"
    text = json.dumps(result, indent=1) + "\n"
    (folder / f"{stem}.json").write_text(text, encoding="utf-8")
    (folder / f"{stem}.md").write_text(markdown(result), encoding="utf-8")


def main() -> int:
    arguments = parse_arguments()
    sides = Sides(MiniInfer(arguments.mini_infer), OnnxRuntime())
    result: Record = SCHEMA | {
        "machine": machine.describe(arguments.mini_infer, ("onnxruntime", "numpy")),
        "effort": asdict(effort_of(arguments)),
        "long_model_planning": long_model_planning(sides.ours, arguments.rounds),
        "models": [],
    }
    for case in CASES:
        if any(word.lower() in case.title.lower() for word in arguments.only):
            record = measure_if_there(case, arguments, sides)
            print(f"{case.title}: {summary(record)}", flush=True)
            result["models"].append(record)
            write(result, arguments.output)
    failed = [
        r for r in result["models"] if "failed" in r and not r["failed"].startswith("skipped")
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
