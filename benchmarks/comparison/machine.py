"""Where, when and with what the figures came about."""

import platform
import subprocess
from datetime import date
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTOR_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "asimd", "sve")


def describe(program: Path, packages: tuple[str, ...] = ()) -> dict[str, str]:
    """`packages`: of Python, whose versions matter."""
    cpu = _cpu_fields()
    flags = (cpu.get("flags") or cpu.get("Features") or "").split()
    return {
        "date": date.today().isoformat(),
        "commit": _commit(),
        "cpu": _cpu_name(cpu),
        "cores": str(_cores()),
        "vector_instructions": " ".join(flag for flag in VECTOR_FLAGS if flag in flags),
        "system": platform.platform(),
        "mini_infer": _first_line([str(program), "--version"]),
        "build": _build_flags(program),
        **{package: metadata.version(package) for package in packages},
        "python": platform.python_version(),
    }


def _cpu_fields() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _cpu_name(fields: dict[str, str]) -> str:
    """With family and model: a virtual machine's name may leave the generation open."""
    name = fields.get("model name", platform.machine())
    if "cpu family" not in fields:
        return name
    return f"{name}, family {fields['cpu family']} model {fields['model']}"


def _cores() -> int:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8").count("processor\t")


def _commit() -> str:
    hash_ = _first_line(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    changed = _first_line(["git", "-C", str(ROOT), "status", "--porcelain", "--", "src", "include"])
    return f"{hash_} with changes" if changed else hash_


def _build_flags(program: Path) -> str:
    """Compiler and flags, where the program lies in the folder that it was built in."""
    cache = program.resolve().parent / "CMakeCache.txt"
    if not cache.exists():
        return "unknown"
    names = (
        "CMAKE_CXX_COMPILER:",
        "CMAKE_BUILD_TYPE:",
        "CMAKE_CXX_FLAGS:",
        "CMAKE_CXX_FLAGS_RELEASE:",
    )
    lines = cache.read_text(encoding="utf-8").splitlines()
    found = (line.split("=", 1)[1] for name in names for line in lines if line.startswith(name))
    return " ".join(value for value in found if value)


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout.strip().splitlines() or [""])[0]
