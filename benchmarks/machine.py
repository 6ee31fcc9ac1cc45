"""What a measurement was taken on, and where its result is written."""

import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def hardware() -> str:
    """Returns one line about the machine."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = (x for x in cpuinfo.read_text().splitlines() if x.startswith("model name"))
        model = next(names, model).partition(":")[2].strip() or model
    version = platform.python_version()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {version}"


def workers(processes: int | None = None) -> ProcessPoolExecutor:
    """Returns processes with one thread each, as many as there are cores by default.

    They are spawned: a fork has numpy loaded, which then counts its threads no more and lets them
    burn CPU time waiting for each other.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))


def write_result(name: str, title: str, body: str) -> Path:
    """Writes a result with the command and the machine that gave it; returns its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    command = " ".join(["python -m", sys.modules["__main__"].__spec__.name, *sys.argv[1:]])
    day = datetime.now(UTC).date().isoformat()
    head = f"# {title}\n\n`{command}`, {day}, {hardware()}. These machines are shared and noisy.\n"
    path.write_text(f"{head}\n{body}\n", encoding="utf-8")
    return path
