"""Mini-Infer's side: its program, asked once per call."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from statistics import median

from .attempt import Record
from .cases import Case

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "MINI_INFER_CUDA_LIBRARY"
CALL_LIMIT_SECONDS = 300
MAKE_LIMIT_SECONDS = 600
WARM_UP_MILLISECONDS = 100
SECONDS = 0.5


class MiniInferFailed(Exception):
    """The program, or the maker of the models, gave no answer; the message says why."""


class MiniInfer:
    def __init__(self, build: Path, models: Path) -> None:
        self._build = build.resolve()
        self._models = models

    @property
    def program(self) -> Path:
        return self._build / "mini-infer"

    @cached_property
    def _environment(self) -> dict[str, str]:
        library = self._build / "libmini_infer_cuda.so"
        beside = {LIBRARY: str(library)} if library.exists() else {}
        return beside | os.environ

    def make_model(self, name: str) -> Record:
        """Makes the model if it is not there, with any batch and any number of tokens."""
        if not self._path(name).exists():
            script = ROOT / "scripts" / "make_models.py"
            command = [sys.executable, script, name, "--batch", 0, "--output", self._models]
            done = self._run(command, MAKE_LIMIT_SECONDS)
            if done.returncode != 0:
                raise MiniInferFailed(f"make_models.py {name}: {_last_line(done.stderr)}")
        return {}

    def latency(self, case: Case) -> Record:
        """Milliseconds of a run: one graph with upload, steps, download; launched, waited for."""
        answer = self._bench(case)
        times, memory = answer["latency_milliseconds"], answer["memory"]
        return {
            "median": times["median"],
            "min": times["min"],
            "runs": answer["iterations"],
            "arena_bytes": memory["planned_arena_bytes"],
            "weights_bytes": memory["planned_weights_bytes"],
        }

    def _bench(self, case: Case) -> Record:
        command = [self.program, "bench", self._path(case.model), f"--shapes={case.shapes}"]
        command += ["--device", "cuda", "--precision", case.precision, "--tune"]
        command += ["--duration", SECONDS, "--warmUp", WARM_UP_MILLISECONDS, "--json"]
        done = self._run(command, CALL_LIMIT_SECONDS)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            reason = f"exit code {done.returncode}: {_last_line(done.stderr)}"
            raise MiniInferFailed(reason) from None
        if "error" in answer:
            raise MiniInferFailed(answer["error"]["message"])
        return answer

    def _path(self, name: str) -> Path:
        return self._models / f"{name}.onnx"

    def _run(self, command: Sequence[object], limit: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=limit,
            env=self._environment,
            check=False,
        )


def together(calls: list[Record]) -> Record:
    """The median of the calls' medians; one failed call fails them all."""
    failed = [call["failed"] for call in calls if "failed" in call]
    if failed:
        return {"failed": failed[0], "calls": calls}
    return {
        "median": median(call["median"] for call in calls),
        "arena_bytes": calls[0]["arena_bytes"],
        "calls": calls,
    }


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
