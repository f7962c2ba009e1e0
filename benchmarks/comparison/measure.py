"""Measures one model on both sides: outputs first, then turn by turn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .cases import Case
from .host_memory import touch_for
from .kinds import by_kind
from .outputs import OutputsDisagree, largest_difference
from .process import SideFailed
from .sides import Job, MiniInfer, OnnxRuntime, Profile, Side

Record = dict[str, Any]


@dataclass(frozen=True)
class Effort:
    rounds: int
    warm_up: float  # seconds
    seconds: float  # measured, per side and round
    seed: int


@dataclass(frozen=True)
class Sides:
    ours: MiniInfer
    theirs: OnnxRuntime

    def in_turn(self, ask: Callable[[Side], Any], turn: int) -> tuple[Any, Any]:
        """Both answers; who goes first alternates, so that no drift of the machine favours one."""
        if turn % 2 == 0:
            return ask(self.ours), ask(self.theirs)
        theirs = ask(self.theirs)
        return ask(self.ours), theirs


def measure(case: Case, model: Path, sides: Sides, threads: list[int], effort: Effort) -> Record:
    record: Record = {"title": case.title, "gate": case.gate, "aim": case.aim}
    with TemporaryDirectory() as scratch:
        inputs = Path(scratch, "inputs.npz")
        np.savez(inputs, **case.inputs(model, effort.seed))
        jobs = {str(count): Job(model, inputs, count, Path(scratch)) for count in threads}
        job = Job(model, inputs, 1, Path(scratch))
        try:
            record["relative_difference"] = _largest_difference(sides, jobs.values())
            record["first_answer"] = _first_answer(sides, job, effort)
            record["planning"] = sides.ours.planning(job, effort.rounds)
            record["memory"] = _memory(sides, job, effort)
            record["fusion"] = _fusion(sides.ours.graphs(job))
            record["threads"] = {
                count: _at_threads(sides, job, effort) for count, job in jobs.items()
            }
        except (SideFailed, OutputsDisagree) as error:
            record["failed"] = str(error)
    return record


def _largest_difference(sides: Sides, jobs: Iterable[Job]) -> float:
    return max(
        largest_difference(sides.ours.outputs(job), sides.theirs.outputs(job)) for job in jobs
    )


def _first_answer(sides: Sides, job: Job, effort: Effort) -> Record:
    def ask(side: Side) -> float:
        touch_for(job.model)
        return side.first_answer(job)

    answers = [sides.in_turn(ask, turn) for turn in range(effort.rounds)]
    ours, theirs = (median(column) for column in zip(*answers, strict=True))
    return {"ours": ours, "onnxruntime": theirs, "ratio": theirs / ours}


def _memory(sides: Sides, job: Job, effort: Effort) -> Record:
    ours = sides.ours.latency(job, effort.warm_up, 0)
    theirs = sides.theirs.latency(job, effort.warm_up, 0)
    return {
        "ours": ours["memory"],
        "onnxruntime": theirs["memory"],
        "onnxruntime_before_load": theirs["before_load"],
    }


def _fusion(report: Record) -> Record:
    stages = [{"pass": "imported", "graph": report["graph"]}, *report["after"]]
    return {
        "nodes": {stage["pass"]: stage["graph"]["node_count"] for stage in stages},
        "left": stages[-1]["graph"]["operators"],
    }


def _at_threads(sides: Sides, job: Job, effort: Effort) -> Record:
    try:
        return _latency(sides, job, effort) | {"kinds": _kinds(sides, job, effort)}
    except SideFailed as error:
        return {"failed": str(error)}


def _latency(sides: Sides, job: Job, effort: Effort) -> Record:
    def ask(side: Side) -> Record:
        return side.latency(job, effort.warm_up, effort.seconds)

    rounds = [sides.in_turn(ask, turn) for turn in range(effort.rounds)]
    ratios = [theirs["median"] / ours["median"] for ours, theirs in rounds]
    return {
        "ours": _summary([ours for ours, _ in rounds]),
        "onnxruntime": _summary([theirs for _, theirs in rounds]),
        "ratios": ratios,
        "ratio": median(ratios),
    }


def _summary(rounds: list[Record]) -> Record:
    return {
        "median": median(one["median"] for one in rounds),
        "min": min(one["min"] for one in rounds),
        "medians": [one["median"] for one in rounds],
        "runs": sum(one["runs"] for one in rounds),
    }


def _kinds(sides: Sides, job: Job, effort: Effort) -> Record:
    ours, theirs = sides.in_turn(lambda side: side.profile(job, effort.seconds), 0)
    return {
        "ours": _profile_record(by_kind(ours)),
        "onnxruntime": _profile_record(by_kind(theirs)),
        "operators": {"ours": _profile_record(ours), "onnxruntime": _profile_record(theirs)},
    }


def _profile_record(profile: Profile) -> Record:
    return {op: {"nodes": t.nodes, "milliseconds": t.milliseconds} for op, t in profile.items()}
