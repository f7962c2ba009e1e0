#!/usr/bin/env python3
"""Mini-Infer on a CUDA GPU beside PyTorch, in one run.

    compare_torch.py --build FOLDER --models FOLDER --output FOLDER [--only MODEL...]
        [--batches N...] [--precisions P...] [--compile MODEL:BATCH:PRECISION...] [--budget SECONDS]

Both sides are measured alike: inputs copied from pinned memory of the host, the network, outputs
copied back, and the wait for all of it. Torch runs eagerly, as a captured graph of its eager
kernels, and where --compile names the case by torch.compile. The architectures are the same, the
weights are random. Figures are medians; ours is run before and after torch, the median of both
counts. Torch's peak is what one eager run takes beyond parameters and inputs.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
SHAPES = {
    "resnet50": "input:{0}x3x224x224",
    "mobilenet_v2": "input:{0}x3x224x224",
    "bert_base": "input_ids:{0}x128,attention_mask:{0}x128,token_type_ids:{0}x128",
}
TYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
SECONDS_EACH = 0.4
COLUMNS = [
    "model",
    "batch",
    "precision",
    "ours ms",
    "torch eager ms",
    "torch graph ms",
    "torch compiled ms",
    "best torch / ours",
    "arena MiB",
    "torch peak MiB",
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare with PyTorch on a GPU.")
    parser.add_argument("--build", type=Path, required=True, help="folder of mini-infer")
    parser.add_argument("--models", type=Path, required=True, help="made by make_models.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--batches", nargs="*", type=int, default=[1, 8, 32])
    parser.add_argument("--precisions", nargs="*", default=list(TYPES), choices=list(TYPES))
    parser.add_argument("--compile", nargs="*", default=[], metavar="MODEL:BATCH:PRECISION")
    parser.add_argument("--compile-mode", default="max-autotune", help="of torch.compile")
    parser.add_argument("--workspace", type=int, default=0, help="ours: see mini-infer bench")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds")
    return parser.parse_args()


def ours(arguments: argparse.Namespace, model: str, batch: int, precision: str) -> dict:
    """What `mini-infer bench` says; {"error": ...} where it fails."""
    command = [
        str(arguments.build / "mini-infer"),
        "bench",
        str(arguments.models / f"{model}.onnx"),
        f"--shapes={SHAPES[model].format(batch)}",
        "--device=cuda",
        f"--precision={precision}",
        "--tune",
        f"--workspace={arguments.workspace}",
        "--warmUp=100",
        f"--duration={SECONDS_EACH}",
        "--json",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        return {"error": {"message": run.stderr.strip()}}


def network(model: str, dtype: torch.dtype) -> torch.nn.Module:
    torch.manual_seed(0)
    if model == "bert_base":
        from transformers import BertConfig, BertModel

        config = BertConfig(attn_implementation="sdpa")
        return BertModel(config, add_pooling_layer=False).eval().cuda().to(dtype)
    import torchvision

    made = getattr(torchvision.models, model)(weights=None).eval().cuda().to(dtype)
    return made.to(memory_format=torch.channels_last)


def host_inputs(model: str, batch: int) -> list[torch.Tensor]:
    if model == "bert_base":
        ids = torch.randint(0, 30000, (batch, 128))
        return [ids, torch.ones_like(ids), torch.zeros_like(ids)]
    return [torch.rand(batch, 3, 224, 224)]


class Peer:
    """One network, its inputs on both sides, and the whole of one run."""

    def __init__(self, model: str, batch: int, precision: str) -> None:
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = True
        self.bert = model == "bert_base"
        self.dtype = TYPES[precision]
        self.network = network(model, self.dtype)
        self.host = [tensor.pin_memory() for tensor in host_inputs(model, batch)]
        self.device = [tensor.cuda() for tensor in self.host]
        self.result = self.forward(self.network).float().cpu().pin_memory()

    def forward(self, called: Callable) -> torch.Tensor:
        if self.bert:
            ids, mask, types = self.device
            answer = called(input_ids=ids, attention_mask=mask, token_type_ids=types)
            return answer.last_hidden_state
        image = self.device[0].to(self.dtype, memory_format=torch.channels_last)
        return called(image)

    def whole(self, forward: Callable[[], torch.Tensor]) -> None:
        for to, source in zip(self.device, self.host, strict=True):
            to.copy_(source, non_blocking=True)
        self.result.copy_(forward(), non_blocking=True)

    def peak_bytes(self) -> int:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        self.forward(self.network)
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before

    def eager_ms(self) -> float:
        return median_ms(lambda: self.whole(lambda: self.forward(self.network)))

    def graph_ms(self) -> float:
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.forward(self.network)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = self.forward(self.network).float()

        def replay() -> torch.Tensor:
            graph.replay()
            return result

        return median_ms(lambda: self.whole(replay))

    def compiled_ms(self, mode: str) -> float:
        compiled = torch.compile(self.network, mode=mode)
        return median_ms(lambda: self.whole(lambda: self.forward(compiled)))


def median_ms(run: Callable[[], None]) -> float:
    times = []
    for _ in range(10):
        run()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    while len(times) < 50 or time.perf_counter() - begin < SECONDS_EACH:
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def torches(arguments: argparse.Namespace, model: str, batch: int, precision: str) -> dict:
    with torch.inference_mode():
        peer = Peer(model, batch, precision)
        row = {"torch peak MiB": round(peer.peak_bytes() / 2**20, 1)}
        row["torch eager ms"] = round(peer.eager_ms(), 4)
        row["torch graph ms"] = round(peer.graph_ms(), 4)
        if f"{model}:{batch}:{precision}" in arguments.compile:
            row["torch compiled ms"] = round(peer.compiled_ms(arguments.compile_mode), 4)
    return row


def measure(arguments: argparse.Namespace, model: str, batch: int, precision: str) -> dict:
    first = ours(arguments, model, batch, precision)
    row = {"model": model, "batch": batch, "precision": precision}
    row |= torches(arguments, model, batch, precision)
    torch.cuda.empty_cache()
    again = ours(arguments, model, batch, precision)
    for answer in (first, again):
        if "error" in answer:
            return row | {"error": answer["error"]["message"]}
    both = [answer["latency_milliseconds"]["median"] for answer in (first, again)]
    median = statistics.median(both)
    best = min(value for key, value in row.items() if key.endswith(" ms"))
    return row | {
        "ours ms": round(median, 4),
        "ours, both": both,
        "best torch / ours": round(best / median, 2),
        "arena MiB": round(first["memory"]["planned_arena_bytes"] / 2**20, 2),
    }


def describe(arguments: argparse.Namespace) -> dict[str, str]:
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "gpu": torch.cuda.get_device_name(),
        "torch": f"{torch.__version__}, cuDNN {torch.backends.cudnn.version()}",
        "torch.compile": arguments.compile_mode,
        "commit": os.environ.get("MINI_INFER_COMMIT") or commit or "unknown",
        "python": platform.python_version(),
    }


def write(folder: Path, machine: dict[str, str], rows: list[dict], left: list[str]) -> None:
    stem = folder / f"{date.today()}-torch"
    folder.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine, "rows": rows, "not run": left}
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    lines = [f"# Beside PyTorch on a GPU, {date.today()}", ""]
    lines += [f"- {key}: {value}" for key, value in machine.items()]
    lines += ["", __doc__.split("\n\n")[2].strip(), ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(row.get(c, "")) for c in COLUMNS) + " |" for row in rows]
    for row in rows:
        if "error" in row:
            lines += ["", f"{row['model']} {row['batch']} {row['precision']}: {row['error']}"]
    if left:
        lines += ["", "Not run, for want of time: " + ", ".join(left) + "."]
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    arguments = parse_arguments()
    machine, rows, left, begin = describe(arguments), [], [], time.monotonic()
    cases = itertools.product(arguments.precisions, arguments.only, arguments.batches)
    for precision, model, batch in cases:  # so that a budget covers all models
        if time.monotonic() - begin > arguments.budget:
            left.append(f"{model} {batch} {precision}")
            continue
        rows.append(measure(arguments, model, batch, precision))
        print({key: rows[-1].get(key) for key in [*COLUMNS, "error"]}, flush=True)
        write(arguments.output, machine, rows, left)
    write(arguments.output, machine, rows, left)
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
