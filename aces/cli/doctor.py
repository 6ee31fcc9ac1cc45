"""`aces doctor`: what is missing, and how to get it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from aces.cli.console import console, next_step
from aces.errors import AcesError

DRIVER_NEEDS = "On a minimal Debian: apt-get install libatomic1"
"""The library that the driver's Node.js links to and a minimal system lacks."""

Check = Callable[[], tuple[str, str]]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor", epilog="Example: aces doctor")(doctor)


def doctor() -> None:
    """Check Python, packages, browser, fonts, disk and GPU."""
    checks: tuple[tuple[str, Check], ...] = (
        ("Python", _python),
        ("packages", _packages),
        ("driver", _driver),
        ("browser", _browser),
        ("disk", _disk),
        ("GPU", _gpu),
    )
    broken = 0
    for name, check in checks:
        try:
            verdict, text = check()
        except AcesError as error:
            verdict, text = "missing", str(error)
        color = {"ok": "green", "none": "dim", "missing": "red"}[verdict]
        broken += verdict == "missing"
        console.print(f"[{color}]{verdict:8}[/]{name}: {text}", soft_wrap=True)
    next_step("make demo" if not broken else "mend what is missing, then aces doctor again")
    if broken:
        raise typer.Exit(1)


def _python() -> tuple[str, str]:
    version = ".".join(map(str, sys.version_info[:3]))
    return "ok", f"{version} at {sys.executable}"


def _packages() -> tuple[str, str]:
    from aces.cli.siblings import check_siblings

    try:
        check_siblings()
    except ImportError as error:
        return "missing", str(error)
    return "ok", f"aces, marketplace, agents, experiments, analysis from {Path.cwd()}"


def _driver() -> tuple[str, str]:
    import subprocess

    command = [sys.executable, "-m", "playwright", "--version"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        why = (found.stderr.strip() or found.stdout.strip()).splitlines()[-1:]
        return "missing", f"Playwright's driver does not start: {' '.join(why)}. {DRIVER_NEEDS}"
    return "ok", f"Playwright {found.stdout.strip().removeprefix('Version ')}"


def _browser() -> tuple[str, str]:
    import asyncio

    from agents.browser import Browser, find_chromium

    async def look() -> dict[str, object]:
        browser = Browser("http://127.0.0.1:9")
        await browser.start()
        try:
            return await browser.facts()
        finally:
            await browser.stop()

    path = find_chromium()
    facts = asyncio.run(look())
    fonts = facts["fonts"]
    text = f"{path}, version {facts['browser']}, draws text in {fonts}"
    if fonts != ["Liberation Sans"]:
        text += "; screenshots are comparable between machines only with Liberation Sans"
    return "ok", text


def _disk() -> tuple[str, str]:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    verdict = "ok" if free > 1 else "missing"
    return verdict, f"{free:.0f} GiB free here; a PNG screenshot takes about 0.35 MiB"


def _gpu() -> tuple[str, str]:
    import subprocess

    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "none", "no NVIDIA driver; planted buyers and hosted models need none"
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    found = subprocess.run(query, capture_output=True, text=True, check=False)
    return "ok", found.stdout.strip().replace("\n", "; ") or "driver present, no device visible"
