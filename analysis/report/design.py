"""What was run: the design, the buyers, and what it was made with."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aces.spec import Plugin
from aces.store import RunStore
from analysis.analyze import Analysis, status_table
from analysis.display import Table, counted, listed, number, percent
from analysis.report.changes import plain
from analysis.report.words import buyer_sentence, design_sentences


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        name: Its name.
        design: Its settings, by name.
        treatments: Treatment -> how its levels are drawn.
        buyers: Buyer and what it is.
        status: How trials ended.
        made_with: Versions and machine.
        spec: The experiment with every default filled in, as JSON.
    """

    name: str
    design: tuple[tuple[str, str], ...]
    treatments: Mapping[str, str]
    buyers: tuple[tuple[str, str], ...]
    status: Table
    made_with: tuple[tuple[str, str], ...]
    spec: str


def run_shown(one: Analysis) -> Run:
    """Returns what was run, for the section on the design."""
    study = one.study
    if study is None:
        return Run(one.name, (("source", "a long table"),), {}, (), status_table(one.table), (), "")
    spec, shelf = study.spec, study.spec.shelf
    sampled = "drawn anew for every world" if shelf.sample else "the same in all worlds"
    sampled = "as given, not drawn" if spec.design.use == "given" else sampled
    design = (
        ("catalogue", f"{study.catalog.get('name', spec.catalog)}, {_drawn_fields(one)}"),
        ("tasks", listed([task.id for task in spec.tasks], most=12)),
        ("shelf", f"{shelf.size} products in {shelf.columns} columns, {sampled}"),
        ("in view at first", _exposure(one)),
        ("worlds per task", f"{spec.worlds_per_task:,}"),
        ("repeats", f"{spec.repeats}"),
        ("design", f"{spec.design.use}, seed {spec.seed}"),
        ("interfaces", listed([_interface(i) for i in spec.interfaces])),
    )
    return Run(
        name=one.name,
        design=design,
        treatments=design_sentences(study.declarations),
        buyers=tuple((b.name, buyer_sentence(b, study.truths.get(b.name))) for b in spec.buyers),
        status=status_table(one.table),
        made_with=tuple(_made_with(study.store)),
        spec=json.dumps(spec.model_dump(mode="json"), indent=1, ensure_ascii=False),
    )


def _drawn_fields(one: Analysis) -> str:
    fields = one.study.drawn_fields if one.study else {}
    names = list(dict.fromkeys(name for drawn in fields.values() for name in drawn))
    return f"{listed(names)} drawn at random" if names else "every fact as given"


def _exposure(one: Analysis) -> str:
    """How much of the shelf lay in the first viewport: row effects mix with it."""
    exposed = one.table["exposed"]
    if exposed.isna().all():
        return "unknown"
    share = float(exposed.mean())
    return "all alternatives" if share == 1 else f"{percent(share)} of alternatives"


def _interface(plugin: Plugin) -> str:
    return plugin.name if plugin.name == plugin.use else f"{plugin.name} ({plugin.use})"


def _made_with(store: RunStore) -> Iterator[tuple[str, str]]:
    """Versions and machine of the run's sessions; values that differ stand side by side."""
    rows = store.db.execute("SELECT started, ended, facts FROM sessions ORDER BY id").fetchall()
    sessions = [json.loads(facts) for _, _, facts in rows]
    names = ("aces", "python", "browser", "fonts", "executor", "workers")
    for name in names:
        values = dict.fromkeys(_text(facts[name]) for facts in sessions if facts.get(name))
        if values:
            yield name, ", then ".join(values)
    machines = dict.fromkeys(str(f.get("machine", {}).get("system", "")) for f in sessions)
    yield "machine", ", then ".join(filter(None, machines)) or "unknown"
    if rows:
        yield "from", f"{rows[0][0]} to {rows[-1][1] or 'not ended'}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def asked(found: Sequence[Analysis]) -> str:
    """Returns what was asked, in a sentence."""
    tables = [one.table for one in found]
    buyers = list(dict.fromkeys(b for table in tables for b in table["buyer"].unique()))
    faces = list(dict.fromkeys(i for table in tables for i in table["interface"].unique()))
    tasks = list(dict.fromkeys(t for table in tables for t in table["task_id"].unique()))
    errands = listed([plain(str(task)) for task in tasks], most=6)
    varied = dict.fromkeys(
        plain(each.name) for one in found if one.study for each in one.study.spec.treatments
    )
    who = f"{counted(len(buyers), 'buyer')} ({listed(buyers, most=6)})"
    through = f"through {listed(faces, most=6)}"
    if not varied:
        return f"What did {who} choose, shopping for {errands} {through}?"
    return (
        f"What do {listed(list(varied), most=8)} do to what {who} buy, "
        f"shopping for {errands} {through}?"
    )


def endings(found: Sequence[Analysis]) -> str:
    """Returns how many trials there are and how they ended, in words."""
    ended = Counter(
        status for one in found for status in one.table.drop_duplicates("trial_id")["status"]
    )
    lost = ended["failed"] + ended["truncated"]
    told = [
        counted(ended["chosen"], "purchase"),
        *([f"{ended['abstained']:,} left without buying"] if ended["abstained"] else []),
        f"{lost:,} without outcome" if lost else "none without outcome",
    ]
    return f"{counted(ended.total(), 'trial')}: {listed(told)}"


def facts(found: Sequence[Analysis]) -> list[tuple[str, str]]:
    """Returns numbers at a glance."""
    tables = [one.table for one in found]
    firsts = [table.drop_duplicates("trial_id") for table in tables]
    worlds = {world for first in firsts for world in first["world_id"]}
    missing = sum(int(first["status"].isin(["failed", "truncated"]).sum()) for first in firsts)
    waiting = sum(map(_not_run, found))
    return [
        ("trials", f"{sum(map(len, firsts)):,}"),
        ("purchases", f"{sum(int(table['chosen'].sum()) for table in tables):,}"),
        ("without outcome", f"{missing:,}"),
        *([("not run yet", f"{waiting:,}")] if waiting else []),
        ("worlds", f"{len(worlds):,}"),
        ("on a shelf", number(sum(map(len, tables)) / max(sum(map(len, firsts)), 1), 0)),
    ]


def _not_run(one: Analysis) -> int:
    """Planned trials that have no outcome of any kind."""
    if one.study is None:
        return 0
    query = "SELECT count(*) FROM trials WHERE trial_id NOT IN (SELECT trial_id FROM latest)"
    return int(one.study.store.db.execute(query).fetchone()[0])
