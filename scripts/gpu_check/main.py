#!/usr/bin/env python3
"""Runs the checks that need a GPU and writes their results as JSON and as a table.

    main.py --build FOLDER [--output FOLDER] [--only CHECK...] [--budget SECONDS]

A check that the machine refuses is "not run", with the reason, and never "passed". Exit status 1 if
any failed.
"""

import argparse
import json
import math
import sys
import time
from datetime import date
from pathlib import Path

from checks import CHECKS, OUT_OF_TIME, Bench
from machine import describe

ROOT = Path(__file__).resolve().parents[2]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check Mini-Infer on a GPU.")
    parser.add_argument("--build", type=Path, required=True, help="folder of the binaries")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--only", nargs="*", choices=list(CHECKS), help="some of the checks")
    parser.add_argument("--budget", type=float, default=math.inf, help="seconds to begin checks in")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    bench = Bench(ROOT, arguments.build.resolve(), time.monotonic() + arguments.budget)
    machine, results = describe(ROOT, bench.program), []
    for name in arguments.only or CHECKS:
        start = time.monotonic()
        late = start > bench.deadline
        result = {"result": "not run", "summary": OUT_OF_TIME} if late else CHECKS[name](bench)
        record = {"check": name, "seconds": round(time.monotonic() - start, 1), **result}
        print(f"{record['result']:8} {name}: {record.get('summary', '')}", flush=True)
        results.append(record)
        # Each time, so that what was found stays if a later check is stopped.
        write(arguments.output, {"machine": machine, "checks": results})
    return 1 if any(record["result"] == "failed" for record in results) else 0


def write(folder: Path, report: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{date.today()}-gpu"
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(markdown(report), encoding="utf-8")


def markdown(report: dict) -> str:
    lines = [f"# On a GPU, {date.today()}", ""]
    lines += [f"- {key}: {value}" for key, value in report["machine"].items()]
    lines += ["", "| check | result | seconds | |", "| --- | --- | --- | --- |"]
    for record in report["checks"]:
        lines.append(
            f"| {record['check']} | {record['result']} | {record['seconds']} "
            f"| {record.get('summary', '')} |"
        )
    for record in report["checks"]:
        for title, rows in record.get("tables", {}).items():
            lines += ["", f"## {record['check']}: {title}", ""]
            heads = list(rows[0])
            lines += ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
            lines += ["| " + " | ".join(str(row[head]) for head in heads) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
