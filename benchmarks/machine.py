"""What a measurement was taken on, and where its result is written."""

import os
import platform
import sys
from datetime import UTC, datetime
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


def write_result(name: str, title: str, body: str) -> Path:
    """Writes a result with the command and the machine that gave it; returns its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    command = " ".join(["python -m", sys.modules["__main__"].__spec__.name, *sys.argv[1:]])
    day = datetime.now(UTC).date().isoformat()
    head = f"# {title}\n\n`{command}`, {day}, {hardware()}. These machines are shared and noisy.\n"
    path.write_text(f"{head}\n{body}\n", encoding="utf-8")
    return path
