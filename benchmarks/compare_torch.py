#!/usr/bin/env python3
"""Measures Mini-Infer on a CUDA GPU beside PyTorch: latency, and memory of activations.

Writes DATE-torch.json, and DATE-torch.md for people, after every case. What is compiled comes last,
since compiling takes minutes. Ends with 1 if anything failed.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from torch_comparison import machine
from torch_comparison.attempt import Record, attempt
from torch_comparison.cases import BATCHES, MODELS, PRECISIONS, Case, parse_case
from torch_comparison.mini_infer import MiniInfer, together
from torch_comparison.report import HEADER, cells, failures, markdown

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = {"schema": "mini-infer.torch_comparison", "version": 1}
NOT_REACHED = "not reached"
NO_TIME = "the time was used up"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="folder of mini-infer")
    parser.add_argument(
        "--models", type=Path, required=True, help="what make_models.py --batch 0 wrote or shall"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=MODELS, metavar="MODEL")
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument(
        "--compile",
        nargs="+",
        type=parse_case,
        default=[],
        metavar="MODEL:BATCH:PRECISION",
        help="also by torch.compile, which takes minutes for each",
    )
    parser.add_argument(
        "--budget", type=float, default=float("inf"), help="seconds after which no case is begun"
    )
    parser.add_argument("--commit", help="of the program (default: the repository's)")
    chosen = parser.parse_args(arguments)
    left_out = [case.title for case in chosen.compile if case not in cases_of(chosen)]
    if left_out:
        parser.error(f"--compile: not among the cases: {', '.join(left_out)}")
    return chosen


def cases_of(arguments: argparse.Namespace) -> list[Case]:
    return [
        Case(model, batch, precision)
        for model in arguments.only
        for batch in arguments.batches
        for precision in arguments.precisions
    ]


class Comparison:
    """The result as it grows; it is written after every case."""

    def __init__(self, arguments: argparse.Namespace, end: float, facts: dict[str, str]) -> None:
        self._ours = MiniInfer(arguments.build, arguments.models)
        self._folder = arguments.output
        self._end = end
        self._cases = cases_of(arguments)
        self._records = {
            case: {**asdict(case), "title": case.title, "not_run": NOT_REACHED}
            for case in self._cases
        }
        self._machine = machine.describe(self._ours.program, arguments.commit) | facts
        self._unmade: dict[str, str] = {}

    @property
    def failed(self) -> bool:
        return any("ours" in record and failures(record) for record in self._records.values())

    def make_models(self) -> None:
        for name in dict.fromkeys(case.model for case in self._cases):
            answer = attempt(lambda name=name: self._ours.make_model(name))
            if "failed" in answer:
                self._unmade[name] = answer["failed"]

    def measure(self, torch_side: Callable[[Case], Record]) -> None:
        """Ours, PyTorch's and ours again, for every case."""
        print(" | ".join(HEADER), flush=True)
        for case in self._cases:
            record = self._records[case]
            if monotonic() >= self._end:
                record["not_run"] = NO_TIME
                continue
            before = self._latency(case)
            theirs = attempt(lambda case=case: torch_side(case))
            del record["not_run"]
            record |= {"ours": together([before, self._latency(case)]), "torch": theirs}
            self._finish(record)
        self._write()

    def compile(self, cases: list[Case], torch_side: Callable[[Case], Record]) -> None:
        """Adds the compiled network's time, and ours once more, to what is measured already."""
        for case in cases:
            record = self._records[case]
            if "ours" not in record:
                continue
            if monotonic() >= self._end:
                record["torch"]["compiled"] = {"not_run": NO_TIME}
                continue
            record["torch"]["compiled"] = attempt(lambda case=case: torch_side(case))
            record["ours"] = together([*record["ours"]["calls"], self._latency(case)])
            self._finish(record)
        self._write()

    def _latency(self, case: Case) -> Record:
        if case.model in self._unmade:
            return {"failed": self._unmade[case.model]}
        return attempt(lambda: self._ours.latency(case))

    def _finish(self, record: Record) -> None:
        print(" | ".join(cells(record)), flush=True)
        for side, why in failures(record):
            print(f"  {record['title']}: {side} failed: {why}", flush=True)
        self._write()

    def _write(self) -> None:
        result = SCHEMA | {"machine": self._machine, "cases": list(self._records.values())}
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = f"{self._machine['date']}-torch"
        text = json.dumps(result, indent=1) + "\n"
        (self._folder / f"{stem}.json").write_text(text, encoding="utf-8")
        (self._folder / f"{stem}.md").write_text(markdown(result), encoding="utf-8")


def main() -> int:
    arguments = parse_arguments()
    end = monotonic() + arguments.budget
    # Here, since it takes seconds and --help shall work without PyTorch.
    from torch_comparison import pytorch

    comparison = Comparison(arguments, end, pytorch.versions())
    comparison.make_models()
    comparison.measure(pytorch.measure)
    comparison.compile(arguments.compile, pytorch.measure_compiled)
    return 1 if comparison.failed else 0


if __name__ == "__main__":
    sys.exit(main())
