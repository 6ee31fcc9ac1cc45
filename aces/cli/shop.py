"""`aces shop`: the shop, for a person."""

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aces.cli.console import next_step, say
from aces.errors import UserError

if TYPE_CHECKING:
    from aces.catalog import Catalog
    from aces.types import Mark, World


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        "shop",
        epilog="Example: aces shop --theme harbor --scheme dark. A stored trial: aces shop --run "
        "runs/demo --trial 3f2a. Marks of your own: aces shop --marks my-marks.yaml",
    )(shop)


def shop(
    catalog: Annotated[
        str, typer.Option(help="demo, or anything `aces catalog import` reads.")
    ] = "demo",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 picks one.")
    ] = 8080,
    theme: Annotated[Literal["marigold", "harbor"], typer.Option(help="Look.")] = "marigold",
    density: Annotated[
        Literal["comfortable", "compact"], typer.Option(help="How close things stand.")
    ] = "comfortable",
    layout: Annotated[Literal["grid", "list"], typer.Option(help="Of results.")] = "grid",
    scheme: Annotated[
        Literal["light", "dark", "auto"], typer.Option(help="auto: as the browser prefers.")
    ] = "auto",
    locale: Annotated[
        str, typer.Option(help="How numbers, prices and dates are written: de-DE, ja-JP.")
    ] = "en-US",
    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Show prices in another, with --rate.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.0, help="What one of the catalogue's is in --currency.")
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML with `marks: [...]`, shown on the page /gallery."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Open a stored trial of this run folder.")
    ] = None,
    trial: Annotated[
        str, typer.Option(metavar="ID", help="Its id or how it begins; the first by default.")
    ] = "",
) -> None:
    """Serve the shop for a person: a catalogue to browse, or a stored trial as its buyer saw it."""
    if run is not None:
        stock, world = _stored(run, trial)
    else:
        from marketplace.worlds import browsing_world

        settings: dict[str, Any] = {"theme": theme, "density": density, "scheme": scheme}
        settings |= {"layout": "list", "columns": 1} if layout == "list" else {}
        stock = _stock(catalog, currency, rate)
        world = browsing_world(stock, locale=_known(locale), **settings)
    _serve(stock, world, _read_marks(marks) if marks else (), port)


def _known(locale: str) -> str:
    from aces.shelf import known_locale

    try:
        return known_locale(locale)
    except ValueError as error:
        raise UserError(f"--locale: {error}") from None


def _stock(source: str, currency: str | None, rate: float | None) -> "Catalog":
    """The catalogue, in another currency where that is asked for."""
    from aces.catalog import load_catalog

    stock = load_catalog(source, Path.cwd())
    if currency is None or currency == stock.currency:
        return stock
    if rate is None:
        raise UserError(
            f"prices of '{source}' are in {stock.currency}: --currency {currency} needs --rate, "
            f"what one {stock.currency} is in {currency}"
        )
    return stock.priced_in(currency, rate)


def _stored(folder: Path, trial: str) -> "tuple[Catalog, World]":
    """What a stored run sells, and the world of one of its trials."""
    from aces.cli.showing import find_trial
    from aces.store import RunStore
    from experiments.replay import stored_job, stored_plan

    with RunStore.open(folder) as store:
        trial_id = find_trial(store, trial)
        plan, job = stored_plan(store), stored_job(store, trial_id)
    say(f"trial {trial_id}: task {job.assignment.task_id}, world {job.assignment.k}")
    say(f"{job.trial.buyer} met it through {job.trial.interface}")
    return plan.catalog, plan.world(job.assignment)


def _read_marks(path: Path) -> "tuple[Mark, ...]":
    """The marks of a YAML file.

    Raises:
        UserError: If it can't be read, or holds something else.
    """
    import yaml
    from pydantic import ValidationError

    from aces.types import Mark

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(Mark.model_validate(mark) for mark in data["marks"])
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"--marks {path}: can't be read: {error}") from error
    except (KeyError, TypeError):
        raise UserError(
            f"--marks {path}: expected `marks:` with a list such as "
            "[{kind: eco, text: Climate friendly, look: badge, place: image}]"
        ) from None
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise UserError(f"--marks {path}: {place}: {fault['msg']}") from None


def _serve(stock: "Catalog", world: "World", marks: "tuple[Mark, ...]", port: int) -> None:
    from experiments.station import serve
    from marketplace.app import create_app
    from marketplace.marks import STANDARD_MARKS, presets
    from marketplace.sessions import Sessions

    sessions = Sessions(stock)
    gallery = (*STANDARD_MARKS.values(), *presets().values(), *marks)
    try:
        server = serve(create_app(sessions, gallery=gallery), port)
    except OSError as error:
        raise UserError(
            f"port {port} can't be used: {error.strerror or error}. Another program may listen "
            "there; try `--port 0`, which picks a free one"
        ) from error
    url = f"http://127.0.0.1:{server.effective_port}"
    say(f"{url}/enter/{sessions.admit(world)}")
    say("Ctrl-C stops it.")
    next_step("open this address in a browser; /gallery shows every mark")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
