"""What a run was made with: versions, machine, browser. Enough to notice that something changed."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import aces
from aces.errors import StoreError
from aces.spec import digest
from aces.store import RunStore, why

WATCHED = ("flask", "jinja2", "playwright", "pydantic", "numpy", "resvg-py", "werkzeug")
"""Packages whose version can change what a buyer sees or what is drawn."""


def now() -> str:
    """Returns the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _packages() -> dict[str, str]:
    """Version of every installed package; they do not change under a running process."""
    return dict(sorted((each.name, each.version) for each in distributions()))


def session_facts(extra: Mapping[str, object]) -> dict[str, Any]:
    """Returns versions and machine, with what the executor found."""
    return {
        "aces": aces.__version__,
        "python": platform.python_version(),
        "packages": _packages(),
        "machine": {
            "system": platform.platform(),
            "processors": os.cpu_count(),
        },
        **extra,
    }


def write_manifest(store: RunStore) -> Path:
    """Writes `manifest.json` from what the store knows, and returns its path.

    Raises:
        StoreError: If it can't be written.
    """
    spec = store.meta("spec")
    content = {
        "spec": spec,
        "spec_hash": digest(spec),
        "seed": spec["seed"],
        "catalog": store.meta("catalog"),
        "prompts": store.meta("prompt_hashes") or {},
        "connections": store.meta("connections") or {},
        "sessions": [
            {"id": id_, "started": started, "ended": ended, **json.loads(facts)}
            for id_, started, ended, facts in store.db.execute(
                "SELECT id, started, ended, facts FROM sessions ORDER BY id"
            )
        ],
    }
    path = store.folder / "manifest.json"
    partial = path.with_suffix(".json.part")
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: {why(error)}") from error
    return path


def changes(store: RunStore) -> list[str]:
    """Returns what differs between the run's last two sessions that can change results."""
    rows = store.db.execute("SELECT facts FROM sessions ORDER BY id DESC LIMIT 2").fetchall()
    if len(rows) < 2:
        return []
    new, old = (_watched(json.loads(facts)) for (facts,) in rows)
    return [
        f"{name}: {old[name]} before, {new[name]} now"
        for name in new
        if name in old and old[name] != new[name]
    ]


def _watched(facts: dict[str, Any]) -> dict[str, str]:
    packages = {name.lower(): version for name, version in facts["packages"].items()}
    found = {name: packages[name] for name in WATCHED if name in packages}
    found |= {name: str(facts[name]) for name in ("aces", "browser", "fonts") if name in facts}
    for buyer, served in facts.get("served", {}).items():
        found |= {f"{buyer}'s model, {name}": str(value) for name, value in served.items()}
    return found
