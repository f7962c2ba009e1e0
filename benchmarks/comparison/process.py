"""Runs one side of the comparison in a process of its own."""

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

TIME_LIMIT_SECONDS = 600


class SideFailed(Exception):
    """A side gave no figures; the message says why."""


@cache
def help_text(program: Path, verb: str) -> str:
    return subprocess.run([program, verb, "--help"], capture_output=True, text=True).stdout


def run_json(command: Sequence[object]) -> dict[str, Any]:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SideFailed(f"no answer within {TIME_LIMIT_SECONDS} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise SideFailed(f"exit code {done.returncode}: {lines[-1]}")
    return json.loads(done.stdout)
