#!/usr/bin/env python3
"""Measures how low and how fast buffers are placed, beside greedy planners and minimalloc.

Instances are CSV files of id,lower,upper,size. A minimalloc binary, if there is one, is asked for a
plan at the lower bound, which it must be given. Writes DATE-planner.json, and DATE-planner.md for
people.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from comparison import machine  # noqa: E402
from comparison.markdown import section, table  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {"schema": "mini-infer.planner-comparison", "version": 1}
ROUNDS_OF_THE_SLOW = 1  # where a run takes longer than this many seconds
SLOW = 5.0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("instances", type=Path, nargs="+", help="CSV files, or folders of them")
    parser.add_argument("--mini-infer", type=Path, default=ROOT / "build/release/mini-infer")
    parser.add_argument("--minimalloc", type=Path, help="a binary of the peer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds, of the peer")
    parser.add_argument("--time", type=float, help="let solve search so long (--time)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results")
    return parser.parse_args()


def csv_files(paths: list[Path]) -> list[Path]:
    files = (sorted(path.glob("*.csv")) if path.is_dir() else [path] for path in paths)
    return [file for some in files for file in some]


Done = subprocess.CompletedProcess[str]


def timed(command: list[str], timeout: float | None = None) -> tuple[float, Done | None]:
    """Seconds of the whole process, and how it ended; None if it ran out of time."""
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return time.perf_counter() - start, None
    return time.perf_counter() - start, done


def solve(program: Path, file: Path, *options: str) -> tuple[float, dict]:
    seconds, done = timed([str(program), "solve", str(file), "--json", *options])
    if done.returncode != 0:
        sys.exit(f"{file}: {program} ended with {done.returncode}: {done.stderr.strip()}")
    return seconds, json.loads(done.stdout)


def minimalloc(program: Path, file: Path, capacity: int, timeout: float) -> tuple[float, str]:
    command = [str(program), f"--capacity={capacity}", f"--input={file}", "--output=/dev/null"]
    seconds, done = timed(command, timeout)
    if done is None:
        return seconds, "out of time"
    if done.returncode == 0:
        return seconds, "solved"
    if "NOT_FOUND" in done.stderr:
        return seconds, "no plan"
    sys.exit(f"{file}: {program} ended with {done.returncode}: {done.stderr.strip()}")


def compare(file: Path, arguments: argparse.Namespace) -> dict:
    options = ["--time", str(arguments.time)] if arguments.time else []
    _, greedy = solve(arguments.mini_infer, file, "--nodes", "0")
    ours, theirs, end = [], [], None
    for round_ in range(arguments.rounds):
        seconds, answer = solve(arguments.mini_infer, file, *options)
        ours.append(seconds)
        wanted = arguments.minimalloc and (
            round_ < ROUNDS_OF_THE_SLOW or statistics.median(theirs) < SLOW
        )
        if wanted:
            seconds, end = minimalloc(
                arguments.minimalloc, file, answer["lower_bound"], arguments.timeout
            )
            theirs.append(seconds)
    record = {
        "instance": file.stem,
        "buffers": answer["buffers"],
        "lower_bound": answer["lower_bound"],
        "greedy_height": greedy["height"],
        "height": answer["height"],
        "proof": answer["proof"],
        "seconds": statistics.median(ours),
        "runs": ours,
    }
    if theirs:
        record["minimalloc"] = {
            "at_the_bound": end,  # "solved", "no plan", "out of time"
            "seconds": statistics.median(theirs),
            "runs": theirs,
        }
    return record


def cells(record: dict) -> list[str]:
    def over_bound(height: int) -> str:
        bound = record["lower_bound"]
        return f"{height / bound:.4f}" if bound else "–"  # no bytes at all

    peer = record.get("minimalloc")
    if peer is None:
        theirs, ratio = "–", "–"
    else:
        theirs, ratio = f"{peer['seconds']:.3f}", f"{peer['seconds'] / record['seconds']:.1f}"
        if peer["at_the_bound"] == "out of time":
            theirs, ratio = "out of time", f"> {ratio}"
        elif peer["at_the_bound"] == "no plan":
            theirs += " (no plan)"
    return [
        record["instance"],
        str(record["buffers"]),
        str(record["lower_bound"]),
        over_bound(record["greedy_height"]),
        over_bound(record["height"]),
        record["proof"].replace("_", " "),
        f"{record['seconds']:.3f}",
        theirs,
        ratio,
    ]


def markdown(result: dict) -> str:
    machine_facts = result["machine"].items()
    facts = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in machine_facts)
    how = """Heights are over the lower bound, the largest sum of live bytes. `greedy` is the best of
        our greedy planners alone. Seconds are those of whole processes on one thread, median; sides
        took turns. minimalloc was asked whether everything fits at the lower bound."""
    header = "instance,buffers,bound,greedy,height,proof,s,minimalloc s,ratio".split(",")
    return "\n\n".join(
        [
            f"# Placing buffers, {result['machine']['date']}",
            section("How", how, facts),
            section("Heights and times", "", table(header, map(cells, result["instances"]))),
        ]
    ) + "\n"


def main() -> int:
    arguments = parse_arguments()
    result = SCHEMA | {"machine": machine.describe(arguments.mini_infer), "instances": []}
    if arguments.time:
        result["machine"]["searched"] = f"for {arguments.time:g} s at most"
    for file in csv_files(arguments.instances):
        record = compare(file, arguments)
        print(" ".join(cells(record)), flush=True)
        result["instances"].append(record)
    arguments.output.mkdir(parents=True, exist_ok=True)
    stem = f"{result['machine']['date']}-planner"
    text = json.dumps(result, indent=1) + "\n"
    (arguments.output / f"{stem}.json").write_text(text, encoding="utf-8")
    (arguments.output / f"{stem}.md").write_text(markdown(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
