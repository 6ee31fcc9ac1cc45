"""Builds the notebooks of analysis/notebooks from their sources, and the run that they read.

`python -m scripts.notebooks` runs every source (`.py`, py:percent) and writes the notebook beside
it (`.ipynb`); with names only those. `--run` makes the stored run anew first.
"""

import argparse
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from experiments.executors.inline import InlineExecutor
from experiments.run import run

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "analysis" / "notebooks"
CONFIG = ROOT / "experiments" / "configs" / "notebooks.yaml"
SECONDS = 1000
"""How long a cell may take."""


def sources() -> list[Path]:
    """Returns the sources, by name."""
    return sorted(FOLDER.glob("*.py"))


def unexecuted(source: Path) -> Any:  # noqa: ANN401
    """Returns the notebook of a source, without outputs; the same bytes every time."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel})
    return notebook


def executed(source: Path) -> Any:  # noqa: ANN401
    """Returns the notebook of a source with its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    notebook = unexecuted(source)
    quiet = ["--IPKernelApp.log_level=40"]  # it warns that it talks to this machine unencrypted
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", record_timing=False, extra_arguments=quiet
    )
    client.execute()
    # the version of Python would make the files differ from machine to machine
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py"}
    return notebook


def build(source: Path, folder: Path) -> Path:
    """Runs a source and writes its notebook, complete or not at all."""
    path = folder / f"{source.stem}.ipynb"
    text = nbformat.writes(executed(source)).rstrip("\n") + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def store(folder: Path) -> None:
    """Makes the run and packs it: one file that no reader changes, and no copies of pictures."""
    run(read_experiment(CONFIG), load_catalog("demo"), folder, InlineExecutor())
    shutil.rmtree(folder / "blobs")  # pictures of the demo catalogue, nothing else
    (folder / "writer.lock").unlink()
    db = sqlite3.connect(folder / "run.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA page_size = 16384")  # rows then fit their pages: half the size
    db.execute("VACUUM")
    db.close()


def main() -> None:
    """Builds what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="Such as first_look; all else.")
    parser.add_argument("--run", action="store_true", help="Make the stored run anew first.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="Folder for the notebooks.")
    asked = parser.parse_args()
    if asked.run:
        with tempfile.TemporaryDirectory() as scratch:
            store(Path(scratch) / "run")
            shutil.rmtree(FOLDER / "stored", ignore_errors=True)
            shutil.copytree(Path(scratch) / "run", FOLDER / "stored")
    for source in sources():
        if not asked.names or source.stem in asked.names:
            print(f"wrote {build(source, asked.out)}")  # noqa: T201


if __name__ == "__main__":
    main()
