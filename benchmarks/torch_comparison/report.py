"""Writes the records of a comparison as Markdown."""

from comparison.markdown import section, table

from .attempt import Record

MEBIBYTE = 1 << 20
FAILED, NOT_RUN, NOTHING = "failed", "not run", ""
PEERS = ("eager", "graph", "compiled")
HEADER = [
    "model",
    "batch",
    "precision",
    "ours ms, with copies (each call)",
    "torch eager ms, with copies",
    "torch graph ms, with copies",
    "torch compiled ms, with copies",
    "best peer / ours",
    "arena MiB",
    "torch peak MiB",
]
HOW = """Above 1 in the column `best peer / ours`, Mini-Infer is faster. Every time is of one run on
the host's clock, launched and waited for, and includes on both sides the same copies: of the inputs
from pinned memory to the GPU, and of the output back. Images and outputs are float32 at these ends
and images are NCHW; converting them belongs to the run. Ours is one CUDA graph with its copies,
after --tune, in a process of its own: the median of the medians of its calls, before and after
PyTorch's. PyTorch's is the median of its runs: `eager` calls the module, `graph` replays a CUDA
graph of that, `compiled` is torch.compile in the mode max-autotune, with CUDA graphs of its own,
where it was asked for; its copies surround them in the same stream. Networks of images are in
channels_last and BERT attends with sdpa to all of its 128 tokens. `fp32` is without TF32 on both
sides. Weights are random."""
MEMORY = """`arena` is what Mini-Infer plans for all but weights, copies of inputs and outputs
included. `torch peak` is what one warm eager run allocates at most beyond what was there before it
(parameters, inputs, and what PyTorch's libraries keep)."""


def markdown(result: Record) -> str:
    records = result["cases"]
    measured = [record for record in records if "ours" in record]
    machine = result["machine"]
    facts = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in machine.items())
    parts = [
        f"# Beside PyTorch, {machine['date']}",
        facts,
        section("Speed and memory", HOW, table(HEADER, map(cells, measured))),
        section("What the bytes are", MEMORY),
        _failures(measured),
        _not_run(records),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def cells(record: Record) -> list[str]:
    """A row of the table."""
    ours, torch = record["ours"], record["torch"]
    ratio = best_ratio(record)
    return [
        record["model"],
        str(record["batch"]),
        record["precision"],
        _ours_cell(ours),
        *(_time_cell(torch.get(peer)) for peer in PEERS),
        NOTHING if ratio is None else f"**{ratio:.2f}**",
        _mebibytes(ours.get("arena_bytes")),
        _mebibytes(torch.get("peak_bytes")),
    ]


def best_ratio(record: Record) -> float | None:
    """The fastest of PyTorch's times by ours."""
    peers = [record["torch"].get(peer, {}).get("median") for peer in PEERS]
    times = [time for time in peers if time is not None]
    ours = record["ours"].get("median")
    return min(times) / ours if times and ours else None


def _ours_cell(ours: Record) -> str:
    if "failed" in ours:
        return FAILED
    calls = ", ".join(f"{call['median']:.4f}" for call in ours["calls"])
    return f"{ours['median']:.4f} ({calls})"


def _time_cell(figures: Record | None) -> str:
    if figures is None:
        return NOTHING
    if "not_run" in figures:
        return NOT_RUN
    return FAILED if "failed" in figures else f"{figures['median']:.4f}"


def _mebibytes(count: int | None) -> str:
    return NOTHING if count is None else f"{count / MEBIBYTE:.2f}"


def _failures(records: list[Record]) -> str:
    rows = [[record["title"], *failure] for record in records for failure in failures(record)]
    return section("Failed", "", table(["case", "side", "why"], rows)) if rows else ""


def failures(record: Record) -> list[tuple[str, str]]:
    """Who failed, and why."""
    torch = record["torch"]
    sides = {"ours": record["ours"], "torch": torch}
    sides |= {f"torch {peer}": torch.get(peer) or {} for peer in PEERS}
    return [(side, figures["failed"]) for side, figures in sides.items() if "failed" in figures]


def _not_run(records: list[Record]) -> str:
    rows = [[record["title"], record["not_run"]] for record in records if "not_run" in record]
    return section("Not run", "", table(["case", "why"], rows)) if rows else ""
