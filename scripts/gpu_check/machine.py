"""What the figures were measured on."""

import os
import platform
import subprocess
from pathlib import Path


def describe(root: Path, program: Path) -> dict[str, str]:
    return {
        "gpu": first_line(
            ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        ),
        "commit": os.environ.get("MINI_INFER_COMMIT")
        or first_line(["git", "-C", str(root), "rev-parse", "--short", "HEAD"]),
        "mini_infer": first_line([str(program), "--version"]),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def first_line(command: list[str]) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown ({type(error).__name__})"
    return (run.stdout.splitlines() or ["unknown"])[0].strip()
