"""`aces init`, `list`, `plan` and `try`: before anything is run."""

import asyncio
import inspect
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aces.cli.console import console, next_step, read_experiment, registries, say, show_table
from aces.cli.said import tried_exchanges
from aces.errors import SpecError, nearest

if TYPE_CHECKING:
    from aces.llm.records import Connection
    from aces.types import Step, Trial
    from experiments.plan import Plan
    from experiments.station import Job
    from experiments.trial import Record

Experiment = Annotated[
    Path,
    typer.Argument(metavar="EXPERIMENT.yaml", help="Experiment YAML.", show_default=False),
]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key: shelf.size=4, buyers.planted.obey=true."
    ),
]


Prior = Annotated[
    list[str], typer.Option(metavar="TERM=B", help="Coefficient to plan for; may be repeated.")
]
Precision = Annotated[
    list[str],
    typer.Option(metavar="TERM=W", help="Worlds it takes for a 95 % interval of B ± W."),
]
Simulate = Annotated[
    int, typer.Option(min=0, metavar="N", help="Check planted and stated priors by simulation.")
]
Like = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Tokens and seconds per trial as measured in this run."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("init", epilog="Example: aces init my-experiment --full")(init)
    app.command("list", epilog="Example: aces list treatments")(list_plugins)
    app.command("plan", epilog="Example: aces plan my-experiment.yaml")(plan)
    app.command("try", epilog="Example: aces try my-experiment.yaml --set interface=screenshot")(
        try_out
    )


def init(
    name: Annotated[
        str, typer.Argument(help="Name of the experiment and its file.")
    ] = "experiment",
    full: Annotated[bool, typer.Option("--full", help="With every key there is.")] = False,
    catalog: Annotated[
        str, typer.Option(help="demo, or your own: tasks are made for it.")
    ] = "demo",
) -> None:
    """Write a commented experiment YAML to start from."""
    import experiments

    path = Path(f"{name.removesuffix('.yaml')}.yaml")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", path.stem):
        raise SpecError(f"aces init {name}: a name is a letter, then letters, digits, . _ or -")
    if path.exists():
        raise SpecError(f"{path} is there already; choose another name, or delete it")
    template = "init-full.yaml" if full else "init.yaml"
    text = (Path(experiments.__file__).parent / "configs" / template).read_text(encoding="utf-8")
    if catalog != "demo":
        text = _for_catalog(text, catalog)
    try:
        path.write_text(text.replace("NAME", path.stem), encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{path} can't be written: {error.strerror}") from error
    say(f"wrote {path}")
    next_step(f"aces plan {path}")


def _for_catalog(text: str, source: str) -> str:
    """The template with tasks for the catalogue's three largest categories."""
    from aces.catalog import load_catalog

    catalog = load_catalog(source)
    sizes = sorted(catalog.categories().items(), key=lambda item: -item[1])[:3]
    sizes = [(name, count) for name, count in sizes if count >= 2]
    if not sizes:
        raise SpecError(f"{source}: no category has the two products that a shelf needs")
    tasks = "".join(
        f"  - {{id: {name}, category: {name}, query: {name.replace('_', ' ')}}}\n"
        for name, _ in sizes
    )
    head, _, rest = text.partition("tasks:")
    comment, _, body = rest.partition("\n")
    after = body[body.index("\nshelf:") :]
    size = min(8, *(count for _, count in sizes))
    after = after.replace("size: 8", f"size: {size}", 1)
    head = head.replace("catalog: demo ", f"catalog: {source} ", 1)
    return f"{head}tasks:{comment}\n{tasks}{_without_products(after)}"


def _without_products(text: str) -> str:
    """The template without its example of a treatment on one product of the demo catalogue."""
    start = text.find("  - use: listing")
    return text if start < 0 else text[:start] + text[text.index("\nbuyers:", start) :]


def list_plugins(
    kind: Annotated[
        str,
        typer.Argument(
            help="buyers, treatments, designs, rankers, interfaces, estimators or catalogs."
        ),
    ] = "",
) -> None:
    """List what there is to choose from, with parameters."""
    from aces.catalog import IMPORTERS

    known: dict[str, Any] = {f"{name}s": registry for name, registry in registries().items()}
    known["catalogs"] = IMPORTERS
    if kind and kind not in known:
        raise SpecError(f"aces list {kind}: unknown{nearest(kind, known)}")
    for name in [kind] if kind else known:
        _show_plugins(name, known[name], details=bool(kind))
    next_step("aces init NAME" if kind else "aces list treatments")


def _show_plugins(kind: str, registry: Any, *, details: bool) -> None:  # noqa: ANN401
    console.print(f"\n[bold]{kind}[/]")
    for name in registry.names():
        console.print(f"  [cyan]{name}[/]  {registry.summary(name)}", soft_wrap=True)
        if not details:
            continue
        config = registry.config(name)
        documented = _field_docs(config)
        for key, info in config.model_fields.items():
            default = "required" if info.is_required() else f"= {info.get_default()!r}"
            text = f"      {key} {default}"
            about = documented.get(key, "")
            console.print(f"{text}  [dim]{about}[/]" if about else text, soft_wrap=True)


def _field_docs(config: type) -> dict[str, str]:
    """Field -> the string below it in the source, first line."""
    import ast
    import textwrap

    docs: dict[str, str] = {}
    for cls in reversed(config.__mro__):
        if cls.__module__.startswith(("pydantic", "builtins")):
            continue
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        except (OSError, SyntaxError):
            continue
        nodes = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in pairwise(nodes):
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
                continue
            if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                docs[field.target.id] = str(text.value.value).partition("\n")[0]
    return docs


def plan(
    experiment: Experiment,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    lock: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the pre-registration there.")
    ] = None,
    prior: Prior = [],  # noqa: B006
    precision: Precision = [],  # noqa: B006
    simulate: Simulate = 0,
    like: Like = None,
    settings: Settings = [],  # noqa: B006 - typer reads it, nobody writes it
) -> None:
    """Validate an experiment and print its design, size, expected precision, power and cost."""
    from aces.catalog import load_catalog
    from experiments.plan import make_plan
    from experiments.power import describe
    from experiments.stopping import check_rules

    spec = read_experiment(experiment, settings)
    catalog = load_catalog(spec.catalog, spec.folder)
    made = make_plan(spec, catalog)
    check_rules(made)
    if lock:
        _write_lock(made, lock)
    stated, wanted = _numbers("--prior", prior), _numbers("--precision", precision)
    facts = describe(made, stated=stated, wanted=wanted, runs=simulate, like=like)
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    console.print(f"[bold]{spec.name}[/]  seed {spec.seed}, catalogue {spec.catalog}")
    show_table(("what", "how many"), facts["size"].items())
    for rule in spec.stop:
        say(f"stops early: {rule}")
    console.print()
    show_table(("treatment", "levels", "drawn"), facts["treatments"])
    for note in facts["design"]:
        console.print(note, soft_wrap=True, markup=False, highlight=False)
    console.print()
    if facts["models"]:
        show_table(("buyer", "served model", "personas", "prompts"), facts["models"])
        console.print()
    if facts["expenses"]:
        expected = facts["expenses"]
        show_table(tuple(expected[0]), [tuple(one.values()) for one in expected], "Expected cost")
        console.print()
    for entry in facts["precision"]:
        _show_precision(entry, spec.worlds_per_task)
    for warning in facts["warnings"]:
        console.print(f"[yellow]note:[/] {warning}", soft_wrap=True)
    if lock:
        say(f"wrote {lock}: keep it where its date can be proved")
        next_step(f"aces run {experiment} --lock {lock} --out runs/{spec.name}")
    else:
        next_step(f"aces try {experiment}")


def _write_lock(plan: "Plan", path: Path) -> None:
    from aces.lock import write_lock
    from experiments.registration import make_lock

    write_lock(make_lock(plan), path)


def _numbers(option: str, given: Sequence[str]) -> dict[str, float]:
    """`TERM=NUMBER` as often as it was given."""
    found = {}
    for text in given:
        term, _, number = text.rpartition("=")
        try:
            found[term] = float(number)
        except ValueError:
            term = ""
        if not term:
            raise SpecError(f"{option} {text}: expected TERM=NUMBER, such as log_price=0.1")
    return found


def _show_precision(entry: Mapping[str, Any], worlds: int) -> None:
    """Prints expected and simulated precision at one prior, and what wanted intervals take."""
    heads = ("term", "prior", "s.e.", "found with 80 % power", "power *")
    show_table(heads, entry["rows"], f"Expected precision: {entry['buyer']}, {entry['prior']}")
    say("[dim]* to find the prior's coefficient; where that is 0, an effect of 0.3[/]")
    for one in entry["needed"]:
        needed = one["worlds_per_task"]
        told = "can't be had" if needed is None else f"takes {needed:,} worlds per task"
        say(f"{one['term']} ± {one['half_width']:g} {told} (planned: {worlds:,})")
    if "simulated" in entry:
        found = entry["simulated"]
        title = f"Simulated: {found['runs']} experiments, {found['not estimable']} not estimable"
        columns = ("term", "mean s.e.", "s.d. of estimates", "significant")
        show_table(columns, found["rows"], title)
    console.print()


def try_out(
    experiment: Experiment,
    headed: Annotated[bool, typer.Option("--headed", help="Show the browser's window.")] = False,
    settings: Settings = [],  # noqa: B006
) -> None:
    """Run one trial per buyer and interface and print every step; stores nothing."""
    from aces.catalog import load_catalog
    from experiments.plan import make_plan

    spec = read_experiment(experiment, settings)
    catalog = load_catalog(spec.catalog, spec.folder)
    _try(make_plan(spec, catalog), headed=headed)
    next_step(f"aces run {experiment} --out runs/{spec.name}")


def _try(plan: "Plan", *, headed: bool) -> None:
    """Runs each buyer's first trial through each interface, those with the same server together."""
    from experiments.serving import ServedLine
    from experiments.station import Job

    assignment = plan.assignment(plan.spec.tasks[0].id, 0)
    first = {(t.buyer, t.interface): t for t in reversed(list(plan.trials([assignment], 0, 0)))}
    jobs = [Job(trial, assignment) for trial in reversed(first.values())]
    with tempfile.TemporaryDirectory(prefix="aces-try-") as logs:
        line = ServedLine(plan, logs=Path(logs), say=say)
        try:
            for group in line.in_turn(jobs):
                connections = line.reach(job.trial.buyer for job in group)
                asyncio.run(_try_group(plan, group, connections, headed=headed))
        finally:
            line.close()


async def _try_group(
    plan: "Plan",
    jobs: "Sequence[Job]",
    connections: "Mapping[str, Connection]",
    *,
    headed: bool,
) -> None:
    from experiments.station import Station
    from experiments.trial import run_trial

    async with Station(plan, connections=connections, headed=headed) as station:
        await station.open({job.trial.interface for job in jobs})
        for job in jobs:
            _show_trial(job.trial, await run_trial(job, station))


def _show_trial(trial: "Trial", record: "Record") -> None:
    names = (trial.buyer, trial.interface, trial.persona, trial.prompt)
    console.rule(" · ".join(filter(None, names)), align="left")
    said = tried_exchanges(record.exchanges)
    for step in record.steps:
        _show_step(step)
        said.show(step.step)
        if step.action:
            did = json.dumps(dict(step.action), ensure_ascii=False)
            console.print(f"  did {did}", markup=False, soft_wrap=True)
        if step.error:
            console.print(f"  could not: {step.error}", style="yellow", markup=False)
    choice = record.choice
    bought = f" {choice.product_id}" if choice.product_id else ""
    console.print(f"[bold]{choice.status}[/]{bought} {choice.cause}", soft_wrap=True)
    if choice.detail:
        console.print(choice.detail, markup=False, soft_wrap=True)


def _show_step(step: "Step") -> None:
    """Prints what a buyer was given."""
    console.print(f"[bold]step {step.step}[/] {step.page} [dim]{step.url}[/]", soft_wrap=True)
    if step.screenshot:
        console.print(f"  saw a screenshot, {len(step.screenshot) // 1024} KiB {step.image_type}")
    if step.text:
        shown = step.text if len(step.text) < 700 else f"{step.text[:700]} …"
        console.print(f"  saw {len(step.text)} characters:", style="dim")
        console.print(shown, style="dim", markup=False, soft_wrap=True)
