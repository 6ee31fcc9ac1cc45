"""`aces doctor`: what is missing, and how to get it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aces.cli.console import console, next_step
from aces.errors import AcesError, UserError

if TYPE_CHECKING:
    from aces.serve import Engine

DRIVER_NEEDS = "On a minimal Debian: apt-get install libatomic1"
"""The library that the driver's Node.js links to and a minimal system lacks."""

Check = Callable[[], tuple[str, str]]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = "Example: aces doctor. A server: aces doctor --server http://127.0.0.1:8000/v1 "
    app.command("doctor", epilog=example + "--model Qwen/Qwen2.5-VL-7B-Instruct")(doctor)


def doctor(
    server: Annotated[
        str, typer.Option(metavar="URL", help="Ask this model server what it can do.")
    ] = "",
    model: Annotated[str, typer.Option(help="Its model.")] = "",
    api_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="Environment variable that holds its key.")
    ] = "",
) -> None:
    """Check Python, packages, browser, fonts, disk, GPU and model servers."""
    if bool(server) != bool(model):
        raise UserError("--server and --model go together")
    if server:
        _server(server, model, api_key_env)
    else:
        _machine()


def _machine() -> None:
    checks: tuple[tuple[str, Check], ...] = (
        ("Python", _python),
        ("packages", _packages),
        ("driver", _driver),
        ("browser", _browser),
        ("disk", _disk),
        ("GPU", _gpu),
        ("vLLM", lambda: _serving("vllm")),
        ("transformers", lambda: _serving("transformers")),
    )
    broken = 0
    for name, check in checks:
        try:
            verdict, text = check()
        except AcesError as error:
            verdict, text = "missing", str(error)
        broken += verdict == "missing"
        _show(verdict, name, text)
    next_step("make demo" if not broken else "mend what is missing, then aces doctor again")
    if broken:
        raise typer.Exit(1)


def _show(verdict: str, name: str, text: str) -> None:
    from rich.markup import escape

    color = {"ok": "green", "missing": "red"}.get(verdict, "dim")
    told = f"{name}: {escape(text)}" if text else name
    console.print(f"[{color}]{verdict:8}[/]{told}", soft_wrap=True)


def _server(url: str, model: str, api_key_env: str) -> None:
    """Prints what a server can do for a model, each with the reason where it can't."""
    import asyncio

    from aces.llm.probe import probe
    from aces.llm.records import Endpoint

    found = asyncio.run(probe(Endpoint(model=model, base_url=url, api_key_env=api_key_env)))
    for name, able in found.model_dump(exclude={"reasons", "served"}).items():
        count = f"{able} at a token" if name == "logprobs" and able else ""
        why = found.reasons.get(name, "")
        _show("ok" if able else "none", name.replace("_", " "), count or why)
    for name, value in found.served.items():
        _show("server", name, str(value))
    next_step(f"a buyer `{{use: vlm, model: {model}, base_url: {url}}}` in an experiment, aces run")


def _serving(engine: "Engine") -> tuple[str, str]:
    from aces.serve.environment import HOW_TO, look

    found = look(engine)
    if found is None:
        how = HOW_TO[engine].replace("\n", "; ")
        return "none", f"no environment has it; only `aces serve-model` needs one: {how}"
    return "ok", found.text


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
