"""Writes the records of a comparison as Markdown."""

from collections.abc import Iterable, Sequence
from math import exp, log
from typing import Any

from .gates import (
    FIRST_ANSWER_GATE,
    LARGEST_RELATIVE_DIFFERENCE,
    LONG_MODEL_NODES,
    LONG_MODEL_PLANNING_GATE,
    MEGABYTE,
    MEMORY_ALLOWANCE,
    PLANNING_GATE,
    PLANNING_MODEL,
    SMALL_MODEL_AIM,
    SMALL_MODEL_GATE,
)

Record = dict[str, Any]


def markdown(result: Record) -> str:
    records = result["models"]
    sections = [
        _heading(result),
        _speed(records),
        _first_answer(records),
        _planning(records, result.get("long_model_planning")),
        _memory(records),
        _fusion(records),
        *(_kinds(record) for record in records if "failed" not in record),
        _failures(records),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _heading(result: Record) -> str:
    machine, effort = result["machine"], result["effort"]
    facts = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in machine.items())
    return f"""# Beside ONNX Runtime, {machine["date"]}

A ratio is ONNX Runtime's time by ours: above 1, Mini-Infer is faster. Both sides ran in turn, {effort["rounds"]} rounds of
{effort["seconds"]:g} s each after {effort["warm_up"]:g} s of warming up, in processes of their own, on the same inputs, which
were in place before the clock started. Times are medians over the rounds of each round's median. Before anything was timed,
all outputs agreed within {LARGEST_RELATIVE_DIFFERENCE:g} of the largest value.

{facts}"""


def _speed(records: list[Record]) -> str:
    rows = []
    for record in records:
        for threads, figures in record.get("threads", {}).items():
            rows.append([record["title"], threads, *_speed_cells(record, figures)])
    header = [
        "model", "threads", "Mini-Infer ms", "least", "ONNX Runtime ms", "least", "ratio",
        "ratio by round", "gate", "aim", "",
    ]  # fmt: skip
    return "## Speed\n\n" + table(header, rows) + "\n\n" + _means(records)


def _speed_cells(record: Record, figures: Record) -> list[str]:
    if "failed" in figures:
        return [figures["failed"], *[""] * 7, "not measured"]
    ours, theirs, ratio = figures["ours"], figures["onnxruntime"], figures["ratio"]
    return [
        f"{ours['median']:.3f}",
        f"{ours['min']:.3f}",
        f"{theirs['median']:.3f}",
        f"{theirs['min']:.3f}",
        f"**{ratio:.2f}**",
        " ".join(f"{one:.2f}" for one in figures["ratios"]),
        f"{record['gate']:g}",
        f"{record['aim']:g}",
        verdict(ratio, record["gate"], record["aim"]),
    ]


def verdict(ratio: float, gate: float, aim: float) -> str:
    if ratio >= aim:
        return "aim reached"
    return "gate passed" if ratio >= gate else "below the gate"


def _means(records: list[Record]) -> str:
    """Geometric means of the models that share one aim."""
    ratios: dict[str, list[float]] = {}
    for record in records:
        for threads, figures in record.get("threads", {}).items():
            if record["gate"] == SMALL_MODEL_GATE and "ratio" in figures:
                ratios.setdefault(threads, []).append(figures["ratio"])
    return "\n".join(
        f"Geometric mean of the {len(values)} models with a gate of {SMALL_MODEL_GATE:g}, "
        f"{threads} thread(s): **{exp(sum(map(log, values)) / len(values)):.2f}** (aim {SMALL_MODEL_AIM:g})"
        for threads, values in ratios.items()
    )


def _first_answer(records: list[Record]) -> str:
    rows = []
    for record in _with(records, "first_answer"):
        answer = record["first_answer"]
        rows.append([
            record["title"],
            f"{answer['ours']:.1f}",
            f"{answer['onnxruntime']:.1f}",
            f"**{answer['ratio']:.2f}**",
            "passed" if answer["ratio"] >= FIRST_ANSWER_GATE else "below the gate",
        ])  # fmt: skip
    header = ["model", "Mini-Infer ms", "ONNX Runtime ms", "ratio", f"gate: {FIRST_ANSWER_GATE:g}"]
    return (
        "## Load to first answer\n\nFrom the model's file to the first outputs in a fresh process, one thread, "
        "the file in the page\ncache. Starting the process and importing Python's packages are not counted.\n\n"
        + table(header, rows)
    )


def _planning(records: list[Record], long_model: float | None) -> str:
    """From the schedule to the judges; part of what loads the model."""
    gates = {PLANNING_MODEL: PLANNING_GATE}
    times = [(record["title"], record["memory"]["planning"]) for record in _with(records, "memory")]
    if long_model is not None:
        title = f"{LONG_MODEL_NODES} nodes"
        gates[title] = LONG_MODEL_PLANNING_GATE
        times.append((title, long_model))
    rows = [[title, f"{time:.2f}", _planning_verdict(time, gates.get(title))] for title, time in times]
    return "## Planning\n\n" + table(["model", "ms", "gate"], rows)


def _planning_verdict(milliseconds: float, gate: float | None) -> str:
    if gate is None:
        return "–"
    return f"{gate:g} ms: {'passed' if milliseconds < gate else 'missed'}"


def _memory(records: list[Record]) -> str:
    rows = []
    for record in _with(records, "memory"):
        ours, theirs = record["memory"]["ours"], record["memory"]["onnxruntime"]
        allowed = ours["weights_bytes"] + ours["arena_bytes"] + MEMORY_ALLOWANCE
        holds = ours["resident_bytes"] <= min(allowed, theirs["resident_bytes"])
        figures = [
            ours["weights_bytes"], ours["arena_bytes"], ours["resident_bytes"], ours["peak_resident_bytes"],
            theirs["resident_bytes"], theirs["peak_resident_bytes"],
            record["memory"]["onnxruntime_before_load"]["resident_bytes"],
        ]  # fmt: skip
        cells = [f"{figure / MEGABYTE:.1f}" for figure in figures]
        rows.append([record["title"], *cells, "passed" if holds else "missed"])
    header = [
        "model", "packed weights", "arena", "resident", "peak", "ONNX Runtime: resident", "peak",
        "before loading", "gate",
    ]  # fmt: skip
    return (
        "## Process memory, MB\n\nOf a process of each side's own after warm runs on one thread. The gate: resident "
        "at most packed weights + arena + "
        f"{MEMORY_ALLOWANCE / MEGABYTE:g} MB,\nand below ONNX Runtime's. `before loading` is what Python, numpy and "
        "onnxruntime take without a model.\n\n" + table(header, rows)
    )


def _fusion(records: list[Record]) -> str:
    with_fusion = _with(records, "fusion")
    if not with_fusion:
        return ""
    passes = list(with_fusion[0]["fusion"]["nodes"])
    rows, left, seen = [], [], set()
    for record in with_fusion:
        nodes = record["fusion"]["nodes"]
        if tuple(nodes.values()) in seen:  # another batch of the same model
            continue
        seen.add(tuple(nodes.values()))
        rows.append([record["title"], *(str(nodes[name]) for name in passes)])
        operators = sorted(record["fusion"]["left"].items(), key=lambda item: -item[1])
        left.append([record["title"], ", ".join(f"{count} {op}" for op, count in operators)])
    return (
        "## What fusion leaves\n\nNodes as imported and after each pass:\n\n"
        + table(["model", *passes], rows)
        + "\n\nThe steps of the last column:\n\n"
        + table(["model", "steps"], left)
    )


def _kinds(record: Record) -> str:
    parts = []
    for threads, figures in record["threads"].items():
        if "kinds" not in figures:
            continue
        ours, theirs = figures["kinds"]["ours"], figures["kinds"]["onnxruntime"]
        kinds = sorted({*ours, *theirs}, key=lambda kind: -_milliseconds(theirs, kind))
        rows = [
            [kind, *_kind_cells(ours, kind), *_kind_cells(theirs, kind), _kind_ratio(ours, theirs, kind)]
            for kind in kinds
        ]
        header = ["kind", "steps", "Mini-Infer ms", "nodes", "ONNX Runtime ms", "ratio"]
        parts.append(f"{threads} thread(s):\n\n" + table(header, rows))
    title = f"## Per kind of layer: {record['title']}"
    return "\n\n".join([title, *parts]) if parts else ""


def _kind_cells(profile: Record, kind: str) -> list[str]:
    if kind not in profile:
        return ["–", "–"]
    return [str(profile[kind]["nodes"]), f"{profile[kind]['milliseconds']:.3f}"]


def _kind_ratio(ours: Record, theirs: Record, kind: str) -> str:
    if kind not in ours or kind not in theirs or ours[kind]["milliseconds"] == 0:
        return "–"
    return f"{_milliseconds(theirs, kind) / _milliseconds(ours, kind):.2f}"


def _milliseconds(profile: Record, kind: str) -> float:
    return profile.get(kind, {}).get("milliseconds", 0.0)


def _failures(records: list[Record]) -> str:
    rows = [[record["title"], record["failed"]] for record in _with(records, "failed")]
    return "## Failed or not there\n\n" + table(["model", "why"], rows) if rows else ""


def _with(records: Iterable[Record], key: str) -> list[Record]:
    return [record for record in records if key in record]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
