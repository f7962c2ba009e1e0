"""The checks, by name. Each gets the Bench and returns its result, a summary and tables."""

import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

Result = dict

# Of the committed models by precision: their outputs beside the reference outputs.
DATA_TOLERANCES = {"fp32": 1e-4, "tf32": 5e-3, "fp16": 5e-3, "bf16": 3e-2}
# Of the made ones: between the GPU and the CPU's float32.
MODEL_TOLERANCES = {"fp32": 1e-3, "tf32": 1e-2, "fp16": 2e-2, "bf16": 1e-1}
LARGE_MODELS = ["resnet50", "mobilenet_v2", "bert_base"]
SHAPES = {
    "resnet50": "input:1x3x224x224",
    "mobilenet_v2": "input:1x3x224x224",
    "bert_base": "input_ids:1x128,attention_mask:1x128,token_type_ids:1x128",
}
SANITIZER_TOOLS = ["memcheck", "racecheck", "initcheck"]
MANY_RUNS = 1000
OUT_OF_TIME = "for want of time"


@dataclass
class Bench:
    root: Path
    build: Path
    deadline: float = math.inf  # of time.monotonic(): what has not begun then is left out

    @property
    def program(self) -> Path:
        return self.build / "mini-infer"

    @property
    def library(self) -> str:
        return os.environ.get(
            "MINI_INFER_CUDA_LIBRARY", str(self.build / "libmini_infer_cuda.so")
        )

    def test_program(self, name: str) -> Path:
        beside = self.build / name
        return beside if beside.exists() else self.build / "tests" / name

    def run(self, command: list, timeout: float = 300) -> subprocess.CompletedProcess:
        environment = {**os.environ, "MINI_INFER_CUDA_LIBRARY": self.library}
        return subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )

    def tool(self, verb: str, *arguments: object, timeout: float = 300) -> dict:
        """What the tool says with --json. Its errors become ours."""
        run = self.run([self.program, verb, *arguments, "--json"], timeout)
        answer = json.loads(run.stdout) if run.stdout else {}
        if "error" in answer or not answer:
            raise CheckError(answer.get("error", {}).get("message", run.stderr.strip()))
        return answer

    def made_model(self, name: str) -> Path:
        folder = self.root / "build" / "models"
        path = folder / f"{name}.onnx"
        if not path.exists():
            script = self.root / "scripts" / "make_models.py"
            made = self.run([sys.executable, script, name, "--batch", 0, "--output", folder], 600)
            if made.returncode != 0:
                raise NotRunError(f"make_models.py {name}: {last_line(made.stderr)}")
        return path


class CheckError(Exception):
    """A check that failed."""


class NotRunError(Exception):
    """A check that this machine cannot do."""


def check(function: Callable[[Bench], Result]) -> Callable[[Bench], Result]:
    """Whatever goes wrong is a result."""

    def run(bench: Bench) -> Result:
        try:
            return {"result": "passed", **function(bench)}
        except NotRunError as error:
            return {"result": "not run", "summary": str(error)}
        except (CheckError, OSError, ValueError, subprocess.SubprocessError) as error:
            return {"result": "failed", "summary": str(error)}

    return run


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


SHARDS = 4  # of a long test program, side by side


def run_tests(bench: Bench, program: Path, shards: int = 1, settings: tuple = ()) -> Result:
    def run_shard(shard: int) -> tuple[int, list[str]]:
        shard_of = (f"GTEST_TOTAL_SHARDS={shards}", f"GTEST_SHARD_INDEX={shard}")
        command = ["env", *settings, *shard_of, program]
        run = bench.run([*command, "--gtest_brief=1"], 600)
        failed = re.findall(r"\[  FAILED  \] (\S+)", run.stdout)
        if run.returncode != 0 and not failed:
            failed = [last_line(run.stdout + run.stderr)]
        passed = re.search(r"\[  PASSED  \] (\d+) tests?", run.stdout)
        return int(passed[1]) if passed else 0, failed

    with ThreadPoolExecutor(shards) as pool:
        answers = list(pool.map(run_shard, range(shards)))
    failed = [name for _, names in answers for name in names]
    if failed:
        raise CheckError(", ".join(dict.fromkeys(failed)))
    return {"summary": f"{sum(passed for passed, _ in answers)} tests"}


@check
def operators(bench: Bench) -> Result:
    """Every operator case, on the GPU and on the CPU."""
    return run_tests(bench, bench.test_program("ops_tests"), SHARDS)


@check
def own_kernels(bench: Bench) -> Result:
    """Those that the libraries' are taken before."""
    some = "GTEST_FILTER=*Products*:*Conv*:Gemm*:MatMul*"
    settings = ("MINI_INFER_WITHOUT_LIBRARIES=1", some)
    return run_tests(bench, bench.test_program("ops_tests"), SHARDS, settings)


@check
def engines(bench: Bench) -> Result:
    """Contexts, threads, callers' memory, out of memory."""
    return run_tests(bench, bench.test_program("cuda_tests"))


@check
def committed_models(bench: Bench) -> Result:
    data = bench.root / "tests" / "data"
    models = 0
    for precision, tolerance in DATA_TOLERANCES.items():
        answer = bench.tool(
            "verify", data, "--device", "cuda", "--precision", precision, "--rel-max", tolerance
        )
        if answer["failed"] or answer["unsupported"] or not answer["passed"]:
            folders = [f for f in answer["folders"] if f["result"] != "passed"]
            bad = [f["path"] + ": " + f["reason"] for f in folders]
            raise CheckError(f"{precision}: " + "; ".join(bad))
        models = answer["passed"]
    precisions = ", ".join(DATA_TOLERANCES)
    return {"summary": f"{models} models in {precisions}, as their reference outputs say"}


@check
def poisoned_memory(bench: Bench) -> Result:
    """The same where every byte but a step's own inputs is overwritten before it runs."""
    data = bench.root / "tests" / "data"
    tolerance = DATA_TOLERANCES["fp32"]
    answer = bench.tool("verify", data, "--device", "cuda", "--poison", "--rel-max", tolerance)
    bad = [f["path"] + ": " + f["reason"] for f in answer["folders"] if f["result"] != "passed"]
    if bad or not answer["passed"]:
        raise CheckError("; ".join(bad) or "nothing was run")
    return {"summary": f"{answer['passed']} models"}


def outputs(bench: Bench, name: str, *arguments: str) -> dict:
    import numpy

    folder = bench.root / "build" / "outputs"
    shutil.rmtree(folder, ignore_errors=True)
    common = ["--shapes", SHAPES[name], "--random", 1, "--output-dir", folder]
    bench.tool("run", bench.made_model(name), *common, *arguments, timeout=600)
    return {path.name: numpy.load(path) for path in sorted(folder.glob("*.npy"))}


@check
def made_models(bench: Bench) -> Result:
    """The GPU's outputs beside the CPU's, and the same bits twice."""
    import numpy

    rows, bad = [], []
    for name in LARGE_MODELS:
        theirs = outputs(bench, name, "--device", "cpu")
        for precision, tolerance in MODEL_TOLERANCES.items():
            how = ["--device", "cuda", "--precision", precision]
            ours, again = outputs(bench, name, *how), outputs(bench, name, *how)
            worst = max(
                float(numpy.abs(ours[key] - theirs[key]).max() / numpy.abs(theirs[key]).max())
                for key in theirs
            )
            same = all(numpy.array_equal(ours[key], again[key]) for key in ours)
            row = {"model": name, "precision": precision, "largest difference": f"{worst:.1e}",
                   "same bits twice": same}  # fmt: skip
            rows.append(row)
            if not worst <= tolerance or not same:
                bad.append(f"{name} {precision}: difference {worst:.1e}, same bits twice: {same}")
    if bad:
        raise CheckError("; ".join(bad))
    return {"summary": f"{len(rows)} cases", "tables": {"outputs": rows}}


@check
def accounting(bench: Bench) -> Result:
    """Planned bytes are the bytes that the pools take, and many runs take none."""
    rows = []
    for name in LARGE_MODELS:
        for precision in ("fp32", "fp16"):
            rows.append(account(bench, name, precision))
    return {"summary": f"{len(rows)} cases, {MANY_RUNS} runs each", "tables": {"bytes": rows}}


def account(bench: Bench, name: str, precision: str) -> dict:
    answer = bench.tool(
        "bench", bench.made_model(name), "--shapes", SHAPES[name], "--device", "cuda",
        "--precision", precision, "--warmUp", 0, "--duration", 0, "--iterations", MANY_RUNS,
        timeout=600,
    )  # fmt: skip
    memory = answer["memory"]
    planned = memory["planned_arena_bytes"] + memory["planned_weights_bytes"]
    if planned != memory["measured_bytes"] or memory["allocations_while_running"] != 0:
        raise CheckError(f"{name} {precision}: planned {planned}, found {memory}")
    if memory["device"][-1]["taken_bytes"] > 0:
        taken = memory["device"][-1]["taken_bytes"]
        raise CheckError(f"{name} {precision}: the runs took {taken} bytes")
    return {
        "model": name,
        "precision": precision,
        "planned bytes": planned,
        "pools' bytes": memory["measured_bytes"],
        **{f"{d['moment']} took": int(d["taken_bytes"]) for d in memory["device"][1:]},
    }


@check
def allocations(bench: Bench) -> Result:
    """What anybody in the process takes of the device: nothing while it runs."""
    rows = []
    for name in LARGE_MODELS:
        try:
            answer = bench.tool(
                "bench", bench.made_model(name), "--shapes", SHAPES[name], "--device", "cuda",
                "--precision", "fp16", "--warmUp", 0, "--duration", 0, "--iterations", MANY_RUNS,
                "--account", timeout=600,
            )  # fmt: skip
        except CheckError as error:
            if "CUPTI" in str(error):
                raise NotRunError(str(error)) from error
            raise
        moments = answer["memory"]["device"]
        *_, built, now = moments
        if now["allocations"] != built["allocations"]:
            raise CheckError(f"{name}: taken while running: {built} before, {now} after")
        if not built["allocations"]:
            raise CheckError(f"{name}: not one allocation was counted, the pools' neither")
        taken = {f"{m['moment']}: taken": m["allocated_bytes"] for m in moments}
        held = {f"{m['moment']}: process": m.get("process_bytes", "unknown") for m in moments}
        rows.append({"model": name, "allocations": now["allocations"], **taken, **held})
    return {"summary": f"{len(rows)} models", "tables": {"taken by anyone": rows}}


def sanitizer(tool: str) -> Callable[[Bench], Result]:
    @check
    def run(bench: Bench) -> Result:
        program = shutil.which("compute-sanitizer")
        if program is None:
            raise NotRunError("compute-sanitizer is not installed")
        tests = bench.test_program("ops_tests")
        some = "--gtest_filter=CudaProducts*:CudaAttention*:CudaTeam*:Softmax*:Transpose*"
        command = [program, "--tool", tool, "--error-exitcode", 9, tests, some, "--gtest_brief=1"]
        answer = bench.run(command, 600)
        refused = re.search(r"Error: .*|not supported.*", answer.stdout + answer.stderr)
        if answer.returncode not in (0, 9) and refused:
            raise NotRunError(refused[0])
        if answer.returncode != 0:
            raise CheckError(last_line(answer.stdout))
        return {"summary": last_line(answer.stdout)}

    return run


@check
def speed(bench: Bench) -> Result:
    rows, left = [], []
    for batch, precision, name in itertools.product((1, 32, 8), MODEL_TOLERANCES, LARGE_MODELS):
        if time.monotonic() > bench.deadline:
            left.append(f"{name} {batch} {precision}")
            continue
        rows.append(latency(bench, name, precision, batch))
    if not rows:
        raise NotRunError(OUT_OF_TIME)
    summary = f"{len(rows)} cases"
    if left:
        summary += f"; not run, {OUT_OF_TIME}: " + ", ".join(left)
    return {"summary": summary, "tables": {"latency": rows}}


def latency(bench: Bench, name: str, precision: str, batch: int) -> dict:
    shapes = SHAPES[name].replace(":1x", f":{batch}x")
    answer = bench.tool(
        "bench", bench.made_model(name), "--shapes", shapes, "--device", "cuda", "--tune",
        "--precision", precision, "--warmUp", 100, "--duration", 0.3, timeout=600,
    )  # fmt: skip
    times = answer["latency_milliseconds"]
    return {
        "model": name,
        "precision": precision,
        "batch": batch,
        "median ms": round(times["median"], 4),
        "least ms": round(times["min"], 4),
        "arena bytes": answer["memory"]["planned_arena_bytes"],
    }


CHECKS: dict[str, Callable[[Bench], Result]] = {
    "operators": operators,
    "own kernels": own_kernels,
    "engines": engines,
    "committed models": committed_models,
    "poisoned memory": poisoned_memory,
    "made models": made_models,
    "accounting": accounting,
    "allocations by anyone": allocations,
    **{f"sanitizer {tool}": sanitizer(tool) for tool in SANITIZER_TOOLS},
    "speed": speed,  # takes what time there is
}
