"""`aces show`: a trial in the terminal, or trials as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from aces.cli.console import console, next_step, say, show_table
from aces.cli.said import Said, stored_exchanges
from aces.errors import StoreError, UserError, nearest

if TYPE_CHECKING:
    from aces.store import RunStore

SEEN = 1500
"""Characters of a page that are printed."""

TITLE = 36
"""Characters of a title in the table."""


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Run folder.", show_default=False)],
    trial: Annotated[
        str, typer.Argument(help="Trial id or its beginning; without it the first.")
    ] = "",
    html: Annotated[
        bool,
        typer.Option("--html", help="Write a page: of one trial, or of all, to step through."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the page goes; else trials.html in DIR."),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="With --html: how many trials; else as many as fit into 30 MB."
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show what a buyer saw, did and bought, step by step: here, or as a page (--html)."""
    from aces.store import RunStore

    if not html and (out or trials or open_page):
        raise UserError("--out, --trials and --open are about pages: add --html")
    if trial and trials:
        raise UserError("--trials is for a page of many trials: leave out the trial")
    with RunStore.open(folder) as store:
        if not html:
            trial_id = find_trial(store, trial)
            show_trial(store, trial_id)
            next_step(f"aces show {folder} {trial_id} --html")
            return
        path = _write_page(store, trial, out, trials)
    if open_page:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    next_step(f"aces report {folder}")


def _write_page(store: "RunStore", trial: str, out: Path | None, trials: int | None) -> Path:
    """Writes the page of one trial, or of as many as it may hold, and returns its path."""
    if trial:
        from analysis.report.trial import write_trial

        trial_id = find_trial(store, trial)
        path = write_trial(store, trial_id, out or store.folder / f"trial-{trial_id}.html")
        say(f"wrote {path}")
        return path
    from rich.progress import Progress

    from analysis.viewer import write_viewer

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("pictures are made small", total=1.0)
        path = out or store.folder / "trials.html"
        written = write_viewer(
            store, path, trials, watch=lambda share: bar.update(task, completed=share)
        )
    say(
        f"wrote {written.path}: {written.inside:,} of {written.finished:,} trials, "
        f"{written.path.stat().st_size / 1e6:.1f} MB"
    )
    return written.path


def find_trial(store: "RunStore", beginning: str) -> str:
    """Returns the id of the finished trial that begins so; of all, the first in the plan.

    Raises:
        StoreError: If there is none, or several begin so.
    """
    found = store.db.execute(
        "SELECT trial_id FROM trials WHERE substr(trial_id, 1, ?) = ? "
        "AND trial_id IN (SELECT trial_id FROM outcomes) ORDER BY trial_id != ?, plan_index",
        (len(beginning), beginning, beginning),
    ).fetchall()
    ids = [str(row[0]) for row in found]
    if not ids:
        some = [row[0] for row in store.db.execute("SELECT trial_id FROM outcomes LIMIT 200")]
        raise StoreError(f"no finished trial '{beginning}'{nearest(beginning, some[:5])}")
    if beginning and len(ids) > 1 and ids[0] != beginning:
        several = ", ".join(ids[:5]) + (" ..." if len(ids) > 5 else "")
        raise StoreError(f"{len(ids)} finished trials begin with '{beginning}': {several}")
    return ids[0]


def show_trial(store: "RunStore", trial_id: str) -> None:
    """Prints a trial: how it ended and why, the shelf, then step by step."""
    from analysis.viewer.trials import Trials

    trial = Trials(store, pictures=False).shown(trial_id)
    _show_verdict(trial)
    _show_shelf(trial)
    said = stored_exchanges(store, trial_id, trial["attempt"])
    if trial["rest"]:
        _line("before the first decision, or at no known step", style="bold")
        _show_events(trial["rest"])
    for step in trial["steps"]:
        _show_step(step, said, store.blobs.folder)
    _line(f"{trial['status']}: {trial['ending']}", style="bold")
    if trial["detail"]:
        _line(trial["detail"])


def _show_verdict(trial: dict[str, Any]) -> None:
    who = [trial["buyer"], "through", trial["interface"]]
    named = [f", {name} {trial[name]}" for name in ("persona", "prompt") if trial[name]]
    more = f", attempt {trial['attempt']}" if trial["attempt"] > 1 else ""
    setting = f", page: {trial['setting']}" if trial["setting"] else ""
    _line(f"trial {trial['id']}", style="bold")
    _line(f"{' '.join(who)}{''.join(named)}: {trial['task']}, world {trial['k']}{setting}{more}")
    _line(f"{trial['ending']}, after {trial['seconds']:.2f} s", style="bold")
    if trial["why"]:
        _line(f"  {trial['why']['kind']}: {trial['why']['text']}", style="green")
    if trial["standing"]:
        _line(f"  {', '.join(trial['standing'])}")
    for one in trial["read"]:
        if not one["same"]:
            shown = one["shown"] or "nothing"
            _line(f"  it says it read {one['what']} {one['read']}; shown: {shown}", style="yellow")
    if trial["taste"]:
        _line(f"  {trial['taste']}", style="dim")


def _show_shelf(trial: dict[str, Any]) -> None:
    from analysis.viewer.worlds import short

    console.print()
    told = any(offer["p"] is not None for offer in trial["shelf"])
    rows = [
        (
            "*" if offer["bought"] else "",
            offer["slot"],
            offer["price"],
            offer["stars"],
            offer["reviews"],
            *([f"{100 * offer['p']:.1f} %" if offer["p"] is not None else ""] if told else []),
            short(offer["title"], TITLE),
            ", ".join([*offer["marks"], *offer["met"]]),
        )
        for offer in trial["shelf"]
    ]
    own = ("own probability",) if told else ()
    heads = ("", "slot", "price", "stars", "reviews", *own, "product", "marks")
    show_table(heads, rows)
    console.print()


def _show_step(step: dict[str, Any], said: Said, blobs: Path) -> None:
    _line(f"step {step['n']} {step['page']} {step['url']}", style="bold")
    if step["file"]:
        _line(f"  saw {blobs / step['file']}")
    if step["text"]:
        _line(step["text"][:SEEN], style="dim")
    said.show(step["n"])
    took = f" after {step['act']:.2f} s" if step["act"] is not None else ""
    reason = f": {step['reason']}" if step["reason"] else ""
    _line(f"  it {step['did']}{took}{reason}")
    if step["error"]:
        _line(f"  could not: {step['error']}", style="yellow")
    _show_events(step["events"])


def _show_events(events: list[dict[str, Any]]) -> None:
    for event in events:
        _line(f"  {event['at']:.2f} s  {event['kind']}: {event['text']}", style="dim")


def _line(text: str, style: str = "") -> None:
    """Prints what listings and models may have written: never as markup."""
    console.print(Text(text, style=style), soft_wrap=True)
