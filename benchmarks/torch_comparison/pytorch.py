"""PyTorch's side, in this process."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from torch import Tensor, nn

from .attempt import Record, attempt
from .cases import Case
from .networks import host_inputs, network

WARM_UP_RUNS, WARM_UP_SECONDS = 10, 0.1
LEAST_RUNS, SECONDS = 50, 0.5
RUNS_BEFORE_CAPTURE = 3


class OutputsUnusable(Exception):
    """Figures would be those of work that was not done."""


class Prepared:
    """A network with its inputs, and its output, on the host and on the GPU."""

    def __init__(self, case: Case) -> None:
        self.module = network(case)
        self.host_inputs = host_inputs(case)
        self.inputs = [tensor.cuda() for tensor in self.host_inputs]
        with torch.inference_mode():
            output = self.module(*self.inputs)
        self.host_output = torch.empty(output.shape, dtype=output.dtype, pin_memory=True)

    def milliseconds(self, compute: Callable[[], Tensor]) -> Record:
        """Of a run with the copies from and to pinned memory: launched and waited for."""
        stream = torch.cuda.current_stream()

        def run() -> None:
            for device, host in zip(self.inputs, self.host_inputs, strict=True):
                device.copy_(host, non_blocking=True)
            self.host_output.copy_(compute(), non_blocking=True)
            stream.synchronize()

        self.host_output.fill_(float("nan"))
        figures = timed(run)
        if not self.host_output.isfinite().all():
            raise OutputsUnusable("outputs are not finite")
        return figures


def measure(case: Case) -> Record:
    """`eager`, `graph`, `peak_bytes`, and `call`, which is eager without any copy."""
    prepared = _fresh(case)
    with torch.inference_mode():
        return {
            "call": attempt(lambda: timed(lambda: _call(prepared))),
            **attempt_peak(prepared),
            "eager": attempt(lambda: _eager(prepared)),
            "graph": attempt(lambda: _graph(prepared)),
        }


def measure_compiled(case: Case) -> Record:
    """torch.compile's most thorough mode, which replays CUDA graphs of its own."""
    prepared = _fresh(case)
    torch.compiler.reset()
    start = perf_counter()
    compiled = torch.compile(prepared.module, mode="max-autotune", dynamic=False)

    def compute() -> Tensor:
        torch.compiler.cudagraph_mark_step_begin()
        return compiled(*prepared.inputs)

    with torch.inference_mode():
        compute()
        torch.cuda.synchronize()
        seconds = perf_counter() - start
        return prepared.milliseconds(compute) | {"compile_seconds": seconds}


def versions() -> dict[str, str]:
    return {"cuda_of_torch": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}


def timed(run: Callable[[], None]) -> Record:
    _samples(run, WARM_UP_RUNS, WARM_UP_SECONDS)
    samples = _samples(run, LEAST_RUNS, SECONDS)
    return {"median": median(samples), "min": min(samples), "runs": len(samples)}


def attempt_peak(prepared: Prepared) -> Record:
    """A failure is left to those who measure times: they meet it again."""
    figures = attempt(lambda: {"peak_bytes": _peak_bytes(prepared)})
    return {"peak_bytes": figures.get("peak_bytes")}


def _fresh(case: Case) -> Prepared:
    gc.collect()
    torch.cuda.empty_cache()
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = case.precision == "tf32"
    torch.backends.cudnn.allow_tf32 = case.precision == "tf32"
    return Prepared(case)


def _samples(run: Callable[[], None], runs: int, seconds: float) -> list[float]:
    """Milliseconds of each run on the host's clock; so many runs and seconds at least."""
    samples: list[float] = []
    end = perf_counter() + seconds
    while len(samples) < runs or perf_counter() < end:
        start = perf_counter()
        run()
        samples.append(1000 * (perf_counter() - start))
    return samples


def _call(prepared: Prepared) -> None:
    prepared.module(*prepared.inputs)
    torch.cuda.current_stream().synchronize()


def _peak_bytes(prepared: Prepared) -> int:
    """What one eager run takes at most beyond parameters and inputs; libraries are warm."""
    _call(prepared)
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    _call(prepared)
    return torch.cuda.max_memory_allocated() - before


def _eager(prepared: Prepared) -> Record:
    return prepared.milliseconds(lambda: prepared.module(*prepared.inputs))


def _graph(prepared: Prepared) -> Record:
    graph, output = _captured(prepared.module, prepared.inputs)

    def compute() -> Tensor:
        graph.replay()
        return output

    return prepared.milliseconds(compute)


def _captured(module: nn.Module, inputs: list[Tensor]) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(RUNS_BEFORE_CAPTURE):
            module(*inputs)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # Relaxed: a kernel that is met here for the first time may still be loaded.
    with torch.cuda.graph(graph, capture_error_mode="relaxed"):
        output = module(*inputs)
    return graph, output
