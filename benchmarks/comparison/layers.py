"""What fusion leaves of each model, and the time per kind of layer, as tables."""

from typing import Any

from .markdown import section, table

Record = dict[str, Any]


def fusion(records: list[Record]) -> str:
    """One row per model: another batch of the same one has the same steps."""
    models: dict[str, Record] = {}
    for record in records:
        if "fusion" in record:
            models.setdefault(str(record["fusion"]), record)
    if not models:
        return ""
    passes = list(next(iter(models.values()))["fusion"]["nodes"])
    nodes, left = [], []
    for record in models.values():
        counts = record["fusion"]["nodes"]
        nodes.append([record["title"], *(str(counts[name]) for name in passes)])
        left.append([record["title"], _operators(record["fusion"]["left"])])
    return section(
        "What fusion leaves",
        "Nodes as imported and after each pass; below, the operators that are left.",
        table(["model", *passes], nodes),
        table(["model", "left"], left),
    )


def _operators(counts: dict[str, int]) -> str:
    most_first = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {operator}" for operator, count in most_first)


def kinds(record: Record) -> str:
    blocks = []
    for threads, figures in record["threads"].items():
        if "kinds" in figures:
            blocks += [f"Threads: {threads}", _kind_table(figures["kinds"])]
    if not blocks:
        return ""
    return section(
        f"Per kind of layer: {record['title']}",
        """From each side's own profile, averages over all runs. Clocks around every step cost time,
        ONNX Runtime's most, so these add up to more than the whole takes. An operator fused into
        another one counts there.""",
        *blocks,
    )


def _kind_table(profiles: Record) -> str:
    ours, theirs = profiles["ours"], profiles["onnxruntime"]
    slowest_first = sorted({*ours, *theirs}, key=lambda kind: -_milliseconds(theirs, kind))
    rows = [
        [kind, *_cells(ours, kind), *_cells(theirs, kind), _ratio(ours, theirs, kind)]
        for kind in slowest_first
    ]
    return table(["kind", "steps", "Mini-Infer ms", "nodes", "ONNX Runtime ms", "ratio"], rows)


def _cells(profile: Record, kind: str) -> list[str]:
    if kind not in profile:
        return ["–", "–"]
    return [str(profile[kind]["nodes"]), f"{profile[kind]['milliseconds']:.3f}"]


def _ratio(ours: Record, theirs: Record, kind: str) -> str:
    if kind not in theirs or _milliseconds(ours, kind) == 0:
        return "–"
    return f"{_milliseconds(theirs, kind) / _milliseconds(ours, kind):.2f}"


def _milliseconds(profile: Record, kind: str) -> float:
    return profile.get(kind, {}).get("milliseconds", 0.0)
