"""Writes the records of a comparison as Markdown."""

from typing import Any

from . import figures, layers
from .gates import LARGEST_RELATIVE_DIFFERENCE
from .markdown import section, table

Record = dict[str, Any]


def markdown(result: Record) -> str:
    records = result["models"]
    sections = [
        _heading(result["machine"], result["effort"]),
        figures.speed(records),
        figures.first_answer(records),
        figures.planning(records, result["long_model_planning"]),
        figures.memory(records),
        layers.fusion(records),
        *(layers.kinds(record) for record in records if "threads" in record),
        _failures(records),
    ]
    return "\n\n".join(part for part in sections if part) + "\n"


def _heading(machine: Record, effort: Record) -> str:
    facts = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in machine.items())
    how = section(
        "How",
        f"""A ratio is ONNX Runtime's time by ours: above 1, Mini-Infer is faster. Both sides ran in
        turn, {effort["rounds"]} rounds of {effort["seconds"]:g} s each after
        {effort["warm_up"]:g} s of warming up, in processes of their own, on the same inputs, which
        were in place before the clock started. A time is the median over the rounds of each
        round's median, `least` the fastest run of all. Before anything was timed, the outputs
        agreed within {LARGEST_RELATIVE_DIFFERENCE:g} of the largest value of each.""",
        facts,
    )
    return f"# Beside ONNX Runtime, {machine['date']}\n\n{how}"


def _failures(records: list[Record]) -> str:
    rows = [[record["title"], record["failed"]] for record in records if "failed" in record]
    return section("Failed or not there", "", table(["model", "why"], rows)) if rows else ""
