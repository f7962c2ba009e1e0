"""Speed, loading, planning and memory as tables, with what the project asks of them."""

from math import exp, log
from typing import Any

from .gates import (
    FIRST_ANSWER_GATE,
    LONG_MODEL_NODES,
    LONG_MODEL_PLANNING_GATE,
    MEGABYTE,
    MEMORY_ALLOWANCE,
    PLANNING_GATE,
    PLANNING_MODEL,
    SMALL_MODEL_AIM,
    SMALL_MODEL_GATE,
)
from .markdown import section, table

Record = dict[str, Any]


def speed(records: list[Record]) -> str:
    rows = [
        [record["title"], threads, *_speed_cells(record, figures)]
        for record in records
        for threads, figures in record.get("threads", {}).items()
    ]
    header = ["model", "threads", "Mini-Infer ms", "least", "ONNX Runtime ms", "least"]
    header += ["ratio", "ratio by round", "gate", "aim", ""]
    return section("Speed", "", table(header, rows), _geometric_means(records))


def _speed_cells(record: Record, figures: Record) -> list[str]:
    if "failed" in figures:
        return [figures["failed"], *[""] * 7, "not measured"]
    sides = (figures["ours"], figures["onnxruntime"])
    ratio, gate, aim = figures["ratio"], record["gate"], record["aim"]
    return [
        *(f"{side[key]:.3f}" for side in sides for key in ("median", "min")),
        f"**{ratio:.2f}**",
        " ".join(f"{one:.2f}" for one in figures["ratios"]),
        f"{gate:g}",
        f"{aim:g}",
        verdict(ratio, gate, aim),
    ]


def verdict(ratio: float, gate: float, aim: float) -> str:
    if ratio >= aim:
        return "aim reached"
    return "gate passed" if ratio >= gate else "gate missed"


def _geometric_means(records: list[Record]) -> str:
    ratios: dict[str, list[float]] = {}
    for record in records:
        for threads, figures in record.get("threads", {}).items():
            if record["gate"] == SMALL_MODEL_GATE and "ratio" in figures:
                ratios.setdefault(threads, []).append(figures["ratio"])
    return "\n".join(
        f"- geometric mean of the {len(values)} models with a gate of {SMALL_MODEL_GATE:g}, "
        f"threads {threads}: **{geometric_mean(values):.2f}**, aim {SMALL_MODEL_AIM:g}"
        for threads, values in ratios.items()
    )


def geometric_mean(values: list[float]) -> float:
    return exp(sum(map(log, values)) / len(values))


def first_answer(records: list[Record]) -> str:
    rows = []
    for record in _with("first_answer", records):
        answer = record["first_answer"]
        rows.append(
            [
                record["title"],
                f"{answer['ours']:.1f}",
                f"{answer['onnxruntime']:.1f}",
                f"**{answer['ratio']:.2f}**",
                _first_answer_verdict(answer, record.get("threads", {}).get("1", {})),
            ]
        )
    header = ["model", "Mini-Infer ms", "ONNX Runtime ms", "ratio", f"gate: {FIRST_ANSWER_GATE:g}"]
    return section(
        "Load to first answer",
        """From the model's file, in the page cache, to the first outputs, in a fresh process and
        on one thread. Starting the process, importing Python's packages and reading the inputs are
        not counted. Before each, as much memory as either needs is touched and freed: a virtual
        machine's host may have taken back what was free, and giving it again would take longer than
        all that is measured.""",
        table(header, rows),
    )


def _first_answer_verdict(answer: Record, one_thread: Record) -> str:
    """Where loading in no time at all would miss the gate too, that is said."""
    allowed = answer["onnxruntime"] / FIRST_ANSWER_GATE
    run = one_thread["ours"]["median"] if "ours" in one_thread else 0.0
    if run > allowed:
        return f"out of reach: a run alone takes {run:.0f} ms of the {allowed:.0f} allowed"
    return _passed(answer["ours"] <= allowed)


def planning(records: list[Record], long_model: float) -> str:
    long_title = f"{LONG_MODEL_NODES} nodes"
    gates = {PLANNING_MODEL: PLANNING_GATE, long_title: LONG_MODEL_PLANNING_GATE}
    times = [(record["title"], record["planning"]) for record in _with("planning", records)]
    rows = [
        [title, f"{time:.2f}", _planning_verdict(time, gates.get(title))]
        for title, time in [*times, (long_title, long_model)]
    ]
    return section(
        "Planning", "From the schedule to the judges.", table(["model", "ms", "gate"], rows)
    )


def _planning_verdict(milliseconds: float, gate: float | None) -> str:
    return "–" if gate is None else f"{gate:g} ms: {_passed(milliseconds < gate)}"


def memory(records: list[Record]) -> str:
    rows = [_memory_row(record["title"], record["memory"]) for record in _with("memory", records)]
    header = ["model", "packed weights", "arena", "resident", "peak"]
    header += ["ONNX Runtime: resident", "peak", "before loading", "gate"]
    return section(
        "Process memory, MB",
        f"""Of a process of each side's own after warm runs on one thread. The gate: resident at
        most packed weights + arena + {MEMORY_ALLOWANCE / MEGABYTE:g} MB, and below ONNX Runtime's.
        `before loading` is what Python, numpy and onnxruntime take without a model.""",
        table(header, rows),
    )


def _memory_row(title: str, memory: Record) -> list[str]:
    ours, theirs = memory["ours"], memory["onnxruntime"]
    allowed = ours["weights_bytes"] + ours["arena_bytes"] + MEMORY_ALLOWANCE
    holds = ours["resident_bytes"] <= min(allowed, theirs["resident_bytes"])
    sizes = [ours[f"{key}_bytes"] for key in ("weights", "arena", "resident", "peak_resident")]
    sizes += [theirs["resident_bytes"], theirs["peak_resident_bytes"]]
    sizes.append(memory["onnxruntime_before_load"]["resident_bytes"])
    return [title, *(f"{size / MEGABYTE:.1f}" for size in sizes), _passed(holds)]


def _passed(holds: bool) -> str:
    return "passed" if holds else "missed"


def _with(key: str, records: list[Record]) -> list[Record]:
    return [record for record in records if key in record]
