"""`aces run` and `status`."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aces.cli.console import console, next_step, read_experiment, say, show_table
from aces.cli.experiments import Experiment, Settings
from aces.cli.showing import show

if TYPE_CHECKING:
    from aces.catalog import Catalog
    from aces.spec import ExperimentSpec
    from aces.store import Progress, RunStore
    from experiments.run import RunResult

SHOW = """Example: aces show runs/mine, then aces show runs/mine 3f2a for the trial that begins so

All trials as one file to step through: aces show runs/mine --html --open

One trial as a page: aces show runs/mine 3f2a --html"""
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Run folder.", show_default=False)]

Buyers = Annotated[
    list[str], typer.Option(metavar="NAME", help="Run only this buyer; may be repeated.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processes; one per processor by default.")
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Trials side by side in each process; of served models, how many are asked at a time "
        "(8).",
    ),
]
ExecutorName = Annotated[
    Literal["local", "inline"], typer.Option(help="Worker processes, or this process.")
]
MaxFailed = Annotated[
    str, typer.Option(metavar="N|P%", help="Operational failures allowed: a number or a share.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Run again what failed operationally.")
]
Cache = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Answers of buyers with `cache: true`; else in DIR."),
]
Replay = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Models' answers come from this run; nobody is asked."),
]
Verify = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="Then render N trials again and compare, and ask models again."
    ),
]

LockFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Follow this pre-registration.")
]
HoldOut = Annotated[
    bool, typer.Option("--hold-out", help="With --lock: worlds of its hold-out seed.")
]
Deviate = Annotated[
    str, typer.Option(metavar="REASON", help="Run although it differs from the registration.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("run", epilog="Example: aces run my-experiment.yaml --out runs/mine --workers 4")(
        run
    )
    app.command("status", epilog="Example: aces status runs/mine")(status)
    app.command("show", epilog=SHOW)(show)


def run(
    experiment: Experiment,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Run folder; one that holds part of it goes on.")
    ],
    settings: Settings = [],  # noqa: B006
    buyers: Buyers = [],  # noqa: B006
    workers: Workers = None,
    concurrency: Concurrency = None,
    executor: ExecutorName = "local",
    max_failed: MaxFailed = "5%",
    retry_failed: RetryFailed = False,
    lock: LockFile = None,
    hold_out: HoldOut = False,
    deviate: Deviate = "",
    cache: Cache = None,
    replay: Replay = None,
    verify: Verify = 0,
) -> None:
    """Run an experiment, or go on where the folder holds part of it."""
    from aces.catalog import load_catalog
    from experiments.executors.inline import InlineExecutor
    from experiments.executors.local import LocalExecutor
    from experiments.registration import Following
    from experiments.run import Answering, FailureLimit, people
    from experiments.run import run as run_experiment

    limit = FailureLimit.parse(max_failed)
    spec = read_experiment(experiment, settings)
    catalog = load_catalog(spec.catalog, spec.folder)
    _say_before(spec, catalog, cache)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ProgressBar() as bar:
        result = run_experiment(
            spec,
            catalog,
            out,
            LocalExecutor(workers, concurrency) if executor == "local" else InlineExecutor(),
            buyers=buyers,
            retry_failed=retry_failed,
            limit=limit,
            answering=Answering(cache, replay, say),
            following=Following(lock, hold_out, deviate),
            on_progress=bar.update,
        )
    _show_result(result, spec, max_failed)
    if result.too_many_failed:
        next_step(f"aces status {out}")
        raise typer.Exit(1)
    if result.budget_reached:
        next_step(f"aces run {experiment} --out {out} --set 'budget={{...}}'   with a larger one")
        raise typer.Exit(1)
    if verify:
        from aces.cli.verifying import verify_run

        verify_run(out, verify)
    if not buyers and (waiting := people(spec)):
        say(f"trials of {', '.join(waiting)} wait for people: aces people {experiment} --out {out}")
    next_step(f"aces analyze {out}")


def _show_result(result: "RunResult", spec: "ExperimentSpec", max_failed: str) -> None:
    """Prints how a run ended, and why it ended early if it did."""
    for warning in result.warnings:
        console.print(f"[yellow]changed since the last session:[/] {warning}")
    if result.registration:
        say(result.registration)
    _show_counts(result.progress, result.reasons)
    if result.too_many_failed:
        console.print(
            f"[red]{result.progress.operational_failures} trials failed for operational causes, "
            f"more than --max-failed {max_failed} allows[/]"
        )
    if result.budget_reached:
        _show_budget(spec, result.progress)
    for stopped in result.stopped:
        say(str(stopped))


def _show_budget(spec: "ExperimentSpec", progress: "Progress") -> None:
    """Says what is spent, and how much there was to do with it."""
    assert spec.budget is not None
    allowed = [f"{spec.budget.tokens:,} tokens"] if spec.budget.tokens else []
    allowed += [f"a cost of {spec.budget.cost:g}"] if spec.budget.cost else []
    left = progress.planned - progress.done
    console.print(
        f"[yellow]the budget is used up[/] ({' or '.join(allowed)}): "
        f"{progress.spent.tokens:,} tokens, cost {progress.spent.cost:.4g}. "
        f"{left:,} of {progress.planned:,} planned trials are not run; all others are stored",
        soft_wrap=True,
    )


def _say_before(spec: "ExperimentSpec", catalog: "Catalog", cache: Path | None) -> None:
    """Says what there is to know before the first trial."""
    if catalog.problems:
        console.print(
            f"[yellow]the catalogue has {len(catalog.problems)} problems;[/] "
            f"`aces catalog show` lists them"
        )
    if cache and not any(buyer.parameters.get("cache") for buyer in spec.buyers):
        console.print("[yellow]note:[/] --cache is of use to buyers with `cache: true`; none has")
    if spec.shelf.rest == "catalog":
        say(f"storing the whole catalogue with its {len(catalog.pictures):,} pictures first")


class ProgressBar:
    """Trials done, rate, time left, and counts by status."""

    def __enter__(self) -> "ProgressBar":
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
    told = [f"{n} {status}" for status, n in progress.by_status.items()]
    if progress.spent.tokens:
        told.append(f"{progress.spent.tokens:,} tokens")
    if progress.spent.cost:
        told.append(f"cost {progress.spent.cost:.4g}")
    return ", ".join(told)


def _show_counts(progress: "Progress", reasons: Mapping[str, str]) -> None:
    """Prints counts by status and cause; of operational causes also the most frequent message."""
    rows: list[tuple[object, ...]] = [(status, n, "") for status, n in progress.by_status.items()]
    rows += [
        (f"  failed: {cause}", n, reasons.get(cause, ""))
        for cause, n in sorted(progress.by_cause.items())
    ]
    rows.append(("not run", progress.planned - progress.done, ""))
    if reasons:
        show_table(("status", "trials", "most often because"), rows)
    else:
        show_table(("status", "trials"), [row[:2] for row in rows])


def status(folder: RunFolder) -> None:
    """Say how far a run is, how fast it went, and what failed and why."""
    from aces.failures import reasons
    from aces.stopping import Stopped
    from aces.store import RunStore

    with RunStore.open(folder) as store:
        spec = store.meta("spec")
        console.print(f"[bold]{spec['name'] if spec else folder}[/]")
        progress = store.progress()
        _show_counts(progress, reasons(store))
        stopped = [Stopped.model_validate(one) for one in store.meta("stopped") or []]
        for one in stopped:
            say(str(one))
        _show_speed(store)
        _show_models(store)
        failures = store.db.execute(
            "SELECT cause, detail, count(*), min(trial_id) FROM latest WHERE status = 'failed' "
            "GROUP BY cause, detail ORDER BY count(*) DESC LIMIT 5"
        ).fetchall()
    for cause, detail, count, trial in failures:
        console.print(f"\n[red]{cause}[/] x {count}, e.g. trial {trial}:")
        console.print(detail.strip()[:500], markup=False, soft_wrap=True)
    if progress.operational_failures:
        next_step(f"aces run EXPERIMENT.yaml --out {folder} --retry-failed")
    elif progress.done < progress.planned and len(stopped) < _arms(spec):
        next_step(f"aces run EXPERIMENT.yaml --out {folder}")
    else:
        next_step(f"aces analyze {folder}")


def _arms(spec: dict[str, Any]) -> int:
    """How many pairs of buyer and interface an experiment has."""
    return sum(len(buyer["interfaces"] or spec["interfaces"]) for buyer in spec["buyers"])


def _show_speed(store: "RunStore") -> None:
    rows = store.db.execute(
        "SELECT t.interface, count(*), avg(o.seconds), max(o.seconds), sum(o.blocked_requests) "
        "FROM latest o JOIN trials t USING (trial_id) GROUP BY t.interface"
    )
    columns = ("interface", "trials", "mean s", "longest s", "blocked requests")
    show_table(columns, [tuple(row) for row in rows])


def _show_models(store: "RunStore") -> None:
    """What was asked of served models, and what that took; nothing where nothing was asked."""
    if store.db.execute("SELECT 1 FROM exchanges LIMIT 1").fetchone() is None:
        return
    from analysis.asked import Asked, answer_table, time_and_money_table, token_table
    from analysis.study import Study

    asked = Asked(Study.of(store))
    costs = asked.costs()
    for table in (token_table(costs), time_and_money_table(costs), answer_table(asked)):
        console.print()
        show_table(table.columns, table.rows, table.title)
