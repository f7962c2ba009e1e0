"""Has the machine's memory in place before a first answer is timed.

A virtual machine may give free memory back to its host (free page reporting); touching it again
then takes over 4 ms per 2 MiB, as against 0.2 ms, whoever does it. What is measured would be how
long ago the memory was used last.
"""

import mmap
import os
from pathlib import Path
from time import perf_counter

PAGE = 4096
SMALLEST = 2 << 30  # less leaves free memory elsewhere that a process may be given
PER_MODEL_BYTE = 6  # above what either side holds at its peak
MUCH_FASTER = 1.5


def touch_for(model: Path) -> None:
    """Touches and frees more memory than loading `model` takes, until that gets no faster."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = min(SMALLEST + PER_MODEL_BYTE * model.stat().st_size, free // 2)
    before, now = float("inf"), _touch(size)
    while before > MUCH_FASTER * now:
        before, now = now, _touch(size)


def _touch(size: int) -> float:
    """Seconds that the first touch of each page takes."""
    start = perf_counter()
    with mmap.mmap(-1, size) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        memory[::PAGE] = bytes(-(-size // PAGE))
        return perf_counter() - start
