"""`aces run`, `status` and `show`."""

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aces.cli.console import console, next_step, read_experiment, say, show_table
from aces.cli.experiments import Experiment, Settings
from aces.errors import StoreError, nearest

if TYPE_CHECKING:
    from aces.store import Progress, RunStore

RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Run folder.", show_default=False)]

Buyers = Annotated[
    list[str], typer.Option(metavar="NAME", help="Run only this buyer; may be repeated.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processes; one per processor by default.")
]
Concurrency = Annotated[
    int, typer.Option(min=1, metavar="N", help="Trials side by side in each process.")
]
ExecutorName = Annotated[
    Literal["local", "inline"], typer.Option(help="Worker processes, or this process.")
]
MaxFailed = Annotated[
    str, typer.Option(metavar="N|P%", help="Operational failures allowed: a number or a share.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("run", epilog="Example: aces run my-experiment.yaml --out runs/mine --workers 4")(
        run
    )
    app.command("status", epilog="Example: aces status runs/mine")(status)
    app.command("show", epilog="Example: aces show runs/mine 3f2a --html")(show)


def run(
    experiment: Experiment,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Run folder; one that holds part of it goes on.")
    ],
    settings: Settings = [],  # noqa: B006
    buyers: Buyers = [],  # noqa: B006
    workers: Workers = None,
    concurrency: Concurrency = 1,
    executor: ExecutorName = "local",
    max_failed: MaxFailed = "5%",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run again what failed operationally.")
    ] = False,
    verify: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Then render N trials again and compare every byte."),
    ] = 0,
) -> None:
    """Run an experiment, or go on where the folder holds part of it."""
    from aces.catalog import load_catalog
    from experiments.executors.inline import InlineExecutor
    from experiments.executors.local import LocalExecutor
    from experiments.run import FailureLimit
    from experiments.run import run as run_experiment

    limit = FailureLimit.parse(max_failed)
    spec = read_experiment(experiment, settings)
    catalog = load_catalog(spec.catalog, spec.folder)
    _report_problems(catalog)
    if spec.shelf.rest == "catalog":
        say(f"storing the whole catalogue with its {len(catalog.pictures):,} pictures first")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _ProgressBar() as bar:
        result = run_experiment(
            spec,
            catalog,
            out,
            LocalExecutor(workers, concurrency) if executor == "local" else InlineExecutor(),
            buyers=buyers,
            retry_failed=retry_failed,
            limit=limit,
            on_progress=bar.update,
        )
    for warning in result.warnings:
        console.print(f"[yellow]changed since the last session:[/] {warning}")
    _show_counts(result.progress)
    if result.too_many_failed:
        console.print(
            f"[red]{result.progress.operational_failures} trials failed for operational causes, "
            f"more than --max-failed {max_failed} allows[/]"
        )
        next_step(f"aces status {out}")
        raise typer.Exit(1)
    if verify:
        _verify(out, verify)
    next_step(f"aces analyze {out}")


def _verify(folder: Path, number: int) -> None:
    """Renders trials again from what is stored; exits with 1 where a page is not what it was."""
    import asyncio

    from aces.store import RunStore
    from experiments.replay import verify

    with RunStore.open(folder) as store:
        replays = asyncio.run(verify(store, number))
    pages = sum(replay.steps for replay in replays)
    differing = [replay for replay in replays if replay.differing]
    say(f"rendered {len(replays)} trials again: {pages} pages, {len(differing)} trials differ")
    for replay in differing[:5]:
        console.print(f"[red]{replay.trial_id}[/] step {replay.differing}: another {replay.what}")
    if differing:
        console.print(
            "a changed browser, font or version of ACES renders other bytes: manifest.json says "
            "what the run was made with"
        )
        next_step(f"aces show {folder} {differing[0].trial_id} --html")
        raise typer.Exit(1)


def _report_problems(catalog: Any) -> None:  # noqa: ANN401
    if catalog.problems:
        console.print(
            f"[yellow]the catalogue has {len(catalog.problems)} problems;[/] "
            f"`aces catalog show` lists them"
        )


class _ProgressBar:
    """Trials done, rate, time left, and counts by status."""

    def __enter__(self) -> "_ProgressBar":
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("trials"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console,
        )
        self._task = self._bar.add_task("", total=None, rate="", counts="")
        self._bar.start()
        self._first = -1
        return self

    def update(self, progress: "Progress") -> None:
        """Shows how far the run is."""
        if self._first < 0:
            self._first = progress.done
        elapsed = self._bar.tasks[0].elapsed or 0.0
        new = progress.done - self._first
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.planned,
            rate=f"{new / elapsed:.1f}/s" if elapsed > 0.5 else "",
            counts=_counts(progress),
        )

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _counts(progress: "Progress") -> str:
    return ", ".join(f"{n} {status}" for status, n in progress.by_status.items())


def _show_counts(progress: "Progress") -> None:
    rows: list[tuple[object, ...]] = list(progress.by_status.items())
    rows += [(f"  failed: {cause}", n) for cause, n in sorted(progress.by_cause.items())]
    rows.append(("not run", progress.planned - progress.done))
    show_table(("status", "trials"), rows)


def status(folder: RunFolder) -> None:
    """Say how far a run is, how fast it went, and what failed and why."""
    from aces.store import RunStore

    with RunStore.open(folder) as store:
        spec = store.meta("spec")
        console.print(f"[bold]{spec['name'] if spec else folder}[/]")
        progress = store.progress()
        _show_counts(progress)
        _show_speed(store)
        failures = store.db.execute(
            "SELECT cause, detail, count(*), min(trial_id) FROM latest WHERE status = 'failed' "
            "GROUP BY cause, detail ORDER BY count(*) DESC LIMIT 5"
        ).fetchall()
    for cause, detail, count, trial in failures:
        console.print(f"\n[red]{cause}[/] x {count}, e.g. trial {trial}:")
        console.print(detail.strip()[:500], markup=False, soft_wrap=True)
    if failures:
        next_step(f"aces run EXPERIMENT.yaml --out {folder} --retry-failed")
    elif progress.done < progress.planned:
        next_step(f"aces run EXPERIMENT.yaml --out {folder}")
    else:
        next_step(f"aces analyze {folder}")


def _show_speed(store: "RunStore") -> None:
    rows = store.db.execute(
        "SELECT t.interface, count(*), avg(o.seconds), max(o.seconds), sum(o.blocked_requests) "
        "FROM latest o JOIN trials t USING (trial_id) GROUP BY t.interface"
    )
    columns = ("interface", "trials", "mean s", "longest s", "blocked requests")
    show_table(columns, [tuple(row) for row in rows])


def show(
    folder: RunFolder,
    trial: Annotated[
        str, typer.Argument(help="Trial id or its beginning; the first where not given.")
    ] = "",
    html: Annotated[
        bool, typer.Option("--html", help="Write a page with the screenshots.")
    ] = False,
) -> None:
    """Show what a buyer saw, did and bought, step by step."""
    from aces.store import RunStore

    with RunStore.open(folder) as store:
        trial_id = find_trial(store, trial)
        if html:
            from analysis.report.trial import write_trial

            path = write_trial(store, trial_id, folder / f"trial-{trial_id}.html")
            say(f"wrote {path}")
        else:
            _show_stored(store, trial_id)
    next_step(f"aces report {folder}" if html else f"aces show {folder} {trial_id} --html")


def find_trial(store: "RunStore", beginning: str) -> str:
    """Returns the id of the finished trial that begins so."""
    found = store.db.execute(
        "SELECT trial_id FROM outcomes WHERE trial_id LIKE ? || '%' ORDER BY trial_id LIMIT 2",
        (beginning,),
    ).fetchall()
    if not found:
        some = [row[0] for row in store.db.execute("SELECT trial_id FROM outcomes LIMIT 200")]
        raise StoreError(f"no finished trial '{beginning}'{nearest(beginning, some[:5])}")
    return str(found[0][0])


def _show_stored(store: "RunStore", trial_id: str) -> None:
    facts = store.db.execute(
        "SELECT w.task_id, w.k, t.buyer, t.interface, o.attempt, o.status, o.cause, o.product_id, "
        "o.detail, o.seconds FROM latest o JOIN trials t USING (trial_id) "
        "JOIN worlds w USING (world_id) WHERE trial_id = ?",
        (trial_id,),
    ).fetchone()
    task, k, buyer, interface, attempt, outcome, cause, product, detail, seconds = facts
    console.print(f"[bold]trial {trial_id}[/]  {task} world {k}, {buyer} through {interface}")
    steps = store.db.execute(
        "SELECT step, page, url, text, text_blob, screenshot, action, error FROM steps "
        "WHERE trial_id = ? AND attempt = ? ORDER BY step",
        (trial_id, attempt),
    )
    for number, page, url, text, text_blob, screenshot, action, error in steps:
        console.print(f"[bold]step {number}[/] {page} [dim]{url}[/]", soft_wrap=True)
        if screenshot:
            console.print(f"  saw {store.blobs.folder / screenshot}", soft_wrap=True)
        seen = store.step_text(text, text_blob)
        if seen:
            console.print(seen[:1500], style="dim", markup=False, soft_wrap=True)
        console.print(f"  did {action}", markup=False, soft_wrap=True)
        if error:
            console.print(f"  [yellow]could not: {error}[/]")
    console.print(f"[bold]{outcome}[/] {product or cause} after {seconds:.2f} s {detail}")
    _show_events(store, trial_id, attempt)


def _show_events(store: "RunStore", trial_id: str, attempt: int) -> None:
    rows = store.db.execute(
        "SELECT at_s, kind, page, data FROM events WHERE trial_id = ? AND attempt = ? ORDER BY seq",
        (trial_id, attempt),
    )
    content = [(f"{at:.3f}", kind, page, _brief(json.loads(data))) for at, kind, page, data in rows]
    show_table(("s", "shop event", "page", "what"), content)


def _brief(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) < 90 else f"{text[:87]}..."
