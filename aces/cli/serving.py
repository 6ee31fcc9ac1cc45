"""`aces serve-model`: a model server on this machine, with settings that suit this work."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aces.cli.console import next_step, say

if TYPE_CHECKING:
    from aces.serve import Server

LOGS = Path("runs/servers")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        "serve-model",
        epilog="Example: aces serve-model Qwen/Qwen2.5-VL-7B-Instruct. What follows -- goes to the "
        "server: aces serve-model ./model -- --gpu-memory-utilization 0.8",
    )(serve_model)


def serve_model(
    model: Annotated[str, typer.Argument(help="Name on the Hugging Face hub, or a folder.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="Of the server; they win.")
    ] = None,
    engine: Annotated[Literal["vllm", "transformers"], typer.Option(help="Server.")] = "vllm",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 picks one.")
    ] = 8000,
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="An adapter, served as model NAME; repeatable."),
    ] = None,
    batch_invariant: Annotated[
        bool,
        typer.Option(help="Same answer whatever else is being answered; slower. vLLM on a GPU."),
    ] = False,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of the server; runs/servers/... if absent.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the command only.")] = False,
) -> None:
    """Serve a model on this machine until Ctrl-C."""
    from aces.llm.records import Serving
    from aces.serve import Server

    own = [word for adapter in lora or () for word in ("--lora", adapter)]
    own += ["--batch-invariant"] if batch_invariant else []
    serving = Serving(engine=engine, model=model, arguments=(*own, *(arguments or ())))
    server = Server(serving, log or LOGS / f"{_slug(model)}.log", port=port)
    if dry_run:
        _show(server)
        next_step(f"aces serve-model {shlex.quote(model)} --engine {engine}")
        return
    say(f"starting {engine} for {model}; its log: {server.log}")
    try:
        server.start()
        _invite(server, [adapter.partition("=")[0] for adapter in lora or ()])
        server.wait()
    except KeyboardInterrupt:
        say("stopping ...")
    finally:
        server.stop()
    say(f"stopped. The log is kept: {server.log}")


def _show(server: "Server") -> None:
    plan = server.plan
    variables = [f"{key}={value}" for key, value in plan.environ.items()]
    say(shlex.join(["env", *variables, *plan.argv] if variables else plan.argv))


def _invite(server: "Server", adapters: list[str]) -> None:
    """Says where the model is, as lines for an experiment."""
    say(f"healthy at {server.url}; Ctrl-C stops it. For an experiment:\n\nbuyers:")
    names = adapters or [server.serving.model]
    for name in names:
        say(f"  - {{use: vlm, name: {_slug(name)}, model: {name}, base_url: {server.url}}}")
    next_step(f"aces doctor --server {server.url} --model {shlex.quote(names[0])}")


def _slug(model: str) -> str:
    """Returns a short name for files and buyers."""
    return re.sub(r"[^a-z0-9]+", "-", Path(model).name.lower()).strip("-") or "model"
