"""Markdown out of plain values."""

from collections.abc import Iterable, Sequence
from textwrap import fill

TEXT_WIDTH = 120


def section(title: str, text: str, *blocks: str) -> str:
    """`text` is wrapped, the blocks below it are taken as they are; empty ones are left out."""
    parts = [f"## {title}", fill(" ".join(text.split()), TEXT_WIDTH), *blocks]
    return "\n\n".join(part for part in parts if part)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
