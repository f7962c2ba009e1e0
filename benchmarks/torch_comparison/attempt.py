"""Whatever goes wrong with one measurement is its result, and the next one is made."""

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

LONGEST_MESSAGE = 300


def attempt(measurement: Callable[[], Record]) -> Record:
    try:
        return measurement()
    except Exception as error:  # PyTorch raises errors of many kinds
        message = " ".join(str(error).split())[:LONGEST_MESSAGE]
        return {"failed": f"{type(error).__name__}: {message}"}
