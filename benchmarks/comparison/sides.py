"""The two engines, asked the same questions about one model on the same inputs."""

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, Protocol

import numpy as np

from .kinds import OperatorTime, Profile
from .outputs import Tensors
from .process import help_text, run_json

WORKER = Path(__file__).with_name("onnxruntime_worker.py")


@dataclass(frozen=True)
class Job:
    model: Path
    inputs: Path  # .npz
    threads: int
    scratch: Path  # folder for what a side writes


class Side(Protocol):
    def outputs(self, job: Job) -> Tensors: ...

    def latency(self, job: Job, warm_up: float, seconds: float) -> dict[str, Any]:
        """`runs`, `min`, `median` in milliseconds, and `memory` after them."""

    def first_answer(self, job: Job) -> float:
        """Milliseconds from the model's file to its first outputs, in a fresh process."""

    def profile(self, job: Job, seconds: float) -> Profile: ...


class MiniInfer:
    def __init__(self, program: Path) -> None:
        self._program = program

    def outputs(self, job: Job) -> Tensors:
        folder = job.scratch / "outputs"
        report = self._run(job, "run", "--output-dir", folder)
        return {output["name"]: np.load(output["file"]) for output in report["outputs"]}

    def latency(self, job: Job, warm_up: float, seconds: float) -> dict[str, Any]:
        report = self._bench(job, f"--warmUp={1000 * warm_up}", f"--duration={seconds}")
        times, memory = report["latency_milliseconds"], report["memory"]
        return {
            "runs": report["iterations"],
            "min": times["min"],
            "median": times["median"],
            "memory": {
                "resident_bytes": memory["process_resident_bytes"],
                "peak_resident_bytes": memory["process_peak_resident_bytes"],
                "weights_bytes": memory["planned_weights_bytes"],
                "arena_bytes": memory["planned_arena_bytes"],
            },
        }

    def first_answer(self, job: Job) -> float:
        report = self._bench(job, "--warmUp=0", "--duration=0", "--iterations=1")
        load = report["load_milliseconds"]
        return load["import"] + load["build"] + report["latency_milliseconds"]["max"]

    def profile(self, job: Job, seconds: float) -> Profile:
        report = self._bench(job, "--warmUp=0", f"--duration={seconds}", "--dumpProfile")
        times = defaultdict(list)
        for step in report["profile"]:
            times[step["op"]].append(step["milliseconds"])
        return {op: OperatorTime(len(steps), sum(steps)) for op, steps in times.items()}

    def graphs(self, job: Job) -> dict[str, Any]:
        """What `inspect` says of the model, as imported and after each pass."""
        return self._run(job, "inspect", "--each-pass")

    def planning(self, job: Job, repeats: int) -> float:
        """Milliseconds from the schedule to the judges, as the plan itself says."""
        reports = [self._run(job, "plan") for _ in range(repeats)]
        return median(report["milliseconds"]["planning"] for report in reports)

    def _bench(self, job: Job, *arguments: object) -> dict[str, Any]:
        return self._run(job, "bench", *arguments)

    def _run(self, job: Job, verb: str, *arguments: object) -> dict[str, Any]:
        command = [self._program, verb, job.model, "--input", job.inputs, "--json", *arguments]
        if "--threads" in help_text(self._program, verb):
            command.append(f"--threads={job.threads}")
        return run_json(command)


class OnnxRuntime:
    def outputs(self, job: Job) -> Tensors:
        file = job.scratch / "outputs.npz"
        self._run(job, "outputs", file)
        with np.load(file) as archive:
            return dict(archive)

    def latency(self, job: Job, warm_up: float, seconds: float) -> dict[str, Any]:
        return self._run(job, "latency", warm_up, seconds)

    def first_answer(self, job: Job) -> float:
        return self._run(job, "first")["milliseconds"]

    def profile(self, job: Job, seconds: float) -> Profile:
        file = Path(self._run(job, "profile", seconds, job.scratch)["file"])
        return operator_times(json.loads(file.read_text(encoding="utf-8")))

    def _run(self, job: Job, mode: str, *arguments: object) -> dict[str, Any]:
        return run_json(
            [sys.executable, WORKER, job.model, job.inputs, job.threads, mode, *arguments]
        )


def operator_times(events: list[dict[str, Any]]) -> Profile:
    """Means over all runs, as the other side gives them."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            times[event["args"]["op_name"], event["name"]].append(event["dur"] / 1000)
    nodes = defaultdict(list)
    for (op, _), samples in times.items():
        nodes[op].append(mean(samples))
    return {op: OperatorTime(len(means), sum(means)) for op, means in nodes.items()}
