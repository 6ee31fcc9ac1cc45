"""A catalogue nobody here wrote, with its own pictures, from the README to a purchase."""

import io
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from agents.browser import find_chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


def _aces(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "aces", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_eshop_catalogue_runs_in_the_browser(shared: Path, tmp_path: Path) -> None:
    source = str(shared / "data" / "images-eshop")
    assert "drawn, not given by the source" in _aces(tmp_path, "catalog", "show", source)
    _aces(tmp_path, "init", "eshop", "--catalog", source)
    settings = ("--set", "interface=screenshot", "--set", "worlds_per_task=2")
    _aces(tmp_path, "run", "eshop.yaml", *settings, "--out", "run", "--workers", "1")
    db = sqlite3.connect(tmp_path / "run" / "run.sqlite")
    assert db.execute("SELECT status, count(*) FROM outcomes GROUP BY status").fetchall() == [
        ("chosen", 6)
    ]
    (drawn,) = db.execute("SELECT DISTINCT drawn FROM products").fetchone()
    assert drawn == '["rating", "review_count"]'
    (name,) = db.execute("SELECT screenshot FROM steps LIMIT 1").fetchone()
    shown = Image.open(io.BytesIO((tmp_path / "run" / "blobs" / name).read_bytes())).convert("L")
    picture = shown.crop((60, 150, 280, 330))  # within the first card
    assert ImageStat.Stat(picture).stddev[0] > 15, "the first card shows no picture"
