"""`aces shop`: the shop, for a person."""

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from aces.cli.console import next_step, say
from aces.errors import UserError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("shop", epilog="Example: aces shop --catalog demo --category stapler --port 8080")(
        shop
    )


def shop(
    catalog: Annotated[
        str, typer.Option(help="demo, or anything `aces catalog import` reads.")
    ] = "demo",
    category: Annotated[str | None, typer.Option(help="Shelf to show; all by default.")] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 picks one.")
    ] = 8080,
) -> None:
    """Serve the shop for a person to browse."""
    from aces.catalog import load_catalog
    from experiments.station import serve
    from marketplace.app import create_app
    from marketplace.sessions import Sessions
    from marketplace.worlds import browsing_world

    stock = load_catalog(catalog, Path.cwd())
    sessions = Sessions()
    try:
        server = serve(create_app(sessions, stock), port)
    except OSError as error:
        raise UserError(
            f"port {port} can't be used: {error.strerror or error}. Another program may listen "
            "there; try `--port 0`, which picks a free one"
        ) from error
    url = f"http://127.0.0.1:{server.effective_port}"
    for name in [category] if category else list(stock.categories()):
        token = sessions.admit(browsing_world(stock, name))
        say(f"{name}: {url}/enter/{token}")
    say("Ctrl-C stops it.")
    next_step("open one of these addresses in a browser")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
