"""Where, when and with what the figures came about. What is not there is `unknown`."""

import platform
import subprocess
from datetime import date
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown"
PACKAGES = ("torch", "torchvision", "transformers")
SOURCES = ("src", "include", "cuda")


def describe(program: Path, commit: str | None) -> dict[str, str]:
    """`commit`: of the program, where no repository is at hand to say it."""
    return {
        "date": date.today().isoformat(),
        "commit": commit or _commit(),
        "gpu": _gpu("name"),
        "gpu_memory": _gpu("memory.total"),
        "driver": _gpu("driver_version"),
        "mini_infer": _first_line([str(program), "--version"]),
        **{package: _version(package) for package in PACKAGES},
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _gpu(field: str) -> str:
    return _first_line(["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"])


def _commit() -> str:
    hash_ = _first_line(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    status = ["git", "-C", str(ROOT), "status", "--porcelain", "--", *SOURCES]
    changed = _first_line(status) not in ("", UNKNOWN)
    return f"{hash_} with changes" if changed else hash_


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return UNKNOWN


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return (done.stdout.strip().splitlines() or [""])[0].strip()
