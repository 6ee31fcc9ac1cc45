"""Raw tables -> the long table: one row per alternative per trial.

Alternatives are laid out once per world and then taken, by integer index, for every trial that
met the world, so that the cost is that of the numpy operations and of parsing each world once.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms
from aces.errors import StoreError, UserError
from aces.store import RunStore
from analysis.codebook import CONTRACT, codebook, codebook_markdown, describe
from analysis.people import participants
from analysis.study import Study
from analysis.tables import ANALYSES, NOTES, read_csv, read_foreign

__all__ = ["choices", "codebook", "derive", "export", "load_choices", "trial_ids", "trials_of"]

Integers = NDArray[np.int64]

MARKS = ("sponsored", "overall_pick", "scarcity", "best_seller", "limited_time")
"""Kinds of marks that are columns of every table."""

FACTORS = ("persona", "prompt")
"""In what a buyer may differ from trial to trial."""

_SHOWN = ("title", "price_cents", "list_price_cents", "rating", "review_count")
_OF_TRIAL = (
    *("world_id", "task_id", "k", "repeat", "buyer", "model", "prompt_hash", "persona", "prompt"),
    *("interface", "status", "cause", "run"),
)
_ORIGINAL = ("price_cents", "rating", "review_count")
_TRIALS = """
    SELECT t.trial_id, t.world_id, t.repeat, t.buyer, t.interface, t.persona, t.prompt,
           o.attempt, o.status, o.cause, o.product_id AS bought, o.probability, t.plan_index
    FROM trials t JOIN latest o ON o.trial_id = t.trial_id WHERE {some} ORDER BY t.plan_index
"""
_WORLDS = """
    SELECT world_id, task_id, k, probability, product_ids, levels, marginals, densities
    FROM worlds WHERE world_id IN
        (SELECT world_id FROM trials WHERE trial_id IN
            (SELECT trial_id FROM outcomes o WHERE {some}))
    ORDER BY task_id, k
"""
_EXPOSED = """
    SELECT s.trial_id, s.exposed, min(s.step) FROM steps s
    JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.page = 'results' AND s.exposed IS NOT NULL AND {some} GROUP BY s.trial_id
"""
_CLICKED = """
    SELECT e.trial_id, json_extract(e.data, '$.product_id') FROM events e
    JOIN latest o ON o.trial_id = e.trial_id AND o.attempt = e.attempt
    WHERE e.kind = 'product' AND {some}
"""
_CARTED = _CLICKED.replace("e.kind = 'product'", "e.kind = 'cart_add'")
_SEEN = """
    SELECT DISTINCT s.trial_id, s.exposed FROM steps s
    JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.page = 'results' AND s.exposed IS NOT NULL AND {some}
"""
_RESULTS = """
    SELECT e.trial_id, e.data FROM events e
    JOIN latest o ON o.trial_id = e.trial_id AND o.attempt = e.attempt
    WHERE e.kind IN ('search', 'category') AND {some} ORDER BY e.trial_id, e.seq
"""


def load_choices(
    paths: str | Path | Iterable[str | Path], *, recognise: bool = True
) -> pd.DataFrame:
    """Returns the long table of run folders, or of Parquet or CSV files, with derived columns.

    Args:
        paths: One or several. The column `run` names the folder or file of each row. Results of
            other projects are recognised by their columns (`analysis/tables`); what must be said
            of them is in `attrs["notes"]`.
        recognise: Whether they are; otherwise their columns stay as they are.

    Raises:
        StoreError: If a path is no run and no table.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    tables = [_load_one(Path(path), recognise=recognise) for path in several]
    if len(tables) == 1:
        return tables[0]
    joined = pd.concat(_apart(tables), ignore_index=True)
    joined.attrs = {NOTES: [note for table in tables for note in table.attrs.get(NOTES, [])]}
    return joined


def _load_one(path: Path, *, recognise: bool) -> pd.DataFrame:
    if path.is_dir():
        with RunStore.open(path) as store:
            return choices(store)
    if not path.is_file():
        raise StoreError(f"{path}: no run folder and no table (.parquet, .csv) there")
    if not path.name.endswith((".parquet", ".csv", ".csv.gz")):
        raise StoreError(f"{path}: a long table ends in .parquet, .csv or .csv.gz")
    foreign = read_foreign(path) if recognise else None
    if foreign is not None:
        table = foreign.rows
        table.attrs = {NOTES: list(foreign.notes)}
        table.attrs[ANALYSES] = [plugin.model_dump(mode="json") for plugin in foreign.analyses]
    else:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else read_csv(path)
    made = derive(table if "run" in table else table.assign(run=path.stem))
    made.attrs = table.attrs
    return made


def _apart(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables with trial ids that differ between runs, even where the trials are the same."""
    if not all("trial_id" in table for table in tables):
        return list(tables)
    ids = [set(table["trial_id"]) for table in tables]
    if len(set().union(*ids)) == sum(map(len, ids)):
        return list(tables)
    return [
        table.assign(trial_id=f"{index}/" + table["trial_id"].astype(str))
        for index, table in enumerate(tables, start=1)
    ]


@dataclass(frozen=True)
class _Source:
    """The raw tables, of all trials or of some.

    Attributes:
        store: The run.
        only: Ids of the trials, as JSON; all where None.
    """

    store: RunStore
    only: str | None = None

    def _held(self, query: str) -> tuple[str, tuple[str, ...]]:
        """A query held to the trials, and its parameters."""
        if self.only is None:
            return query.format(some="TRUE"), ()
        return query.format(some="o.trial_id IN (SELECT value FROM json_each(?))"), (self.only,)

    def rows(self, query: str) -> list[Any]:
        """Returns the rows of a query."""
        return self.store.db.execute(*self._held(query)).fetchall()

    def trials(self) -> pd.DataFrame:
        """Returns one row per trial that has an outcome, in plan order."""
        query, values = self._held(_TRIALS)
        return pd.read_sql_query(query, self.store.db, params=values)


def trial_ids(store: RunStore) -> list[str]:
    """Returns the ids of the trials in the long table of a run, in plan order."""
    return _before_stop(_Source(store).trials(), Study.of(store))["trial_id"].tolist()


def choices(store: RunStore, only: Iterable[str] | None = None) -> pd.DataFrame:
    """Returns the long table of a run: every trial that has an outcome, by its latest attempt.

    Trials that were planned and have no outcome yet are absent, and so are those beyond the point
    at which a stopping rule ended their buyer.

    Args:
        store: The run.
        only: Ids of trials; nothing else is read then. All where not given.
    """
    study = Study.of(store)
    source = _Source(store, None if only is None else json.dumps(list(only)))
    trials = _before_stop(source.trials(), study)
    shelves = _Shelves.read(study, source)
    met = pd.Index(shelves.worlds["world_id"]).get_indexer(pd.Index(trials["world_id"]))
    trial, alternative = _cross(met, shelves.starts, shelves.sizes)
    columns = {name: values[alternative] for name, values in shelves.columns.items()}
    world = shelves.worlds.take(met).reset_index(drop=True)
    columns |= _per_trial(trials, world, study, trial)
    columns |= _right_answers(study, columns)
    columns |= participants(study, trials, trial)
    columns |= _outcomes(source, trials, trial, shelves.products, shelves.codes[alternative])
    rows = _Pairs(pd.Index(trials["trial_id"]), shelves.products, trial, shelves.codes[alternative])
    if study.browses:
        columns |= _stages(source, rows)
    if study.is_open:
        page_size = int(study.spec.shelf.settings()["page_size"])
        columns |= _roamed(source, trials, rows, page_size)
    table = pd.DataFrame(columns)
    further = [name for name in table if name not in CONTRACT]
    return derive(table[[*CONTRACT, *further]].assign(run=study.name))


def _before_stop(trials: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The trials up to where rules ended their arm; which later ones are done depends on how."""
    late = np.zeros(len(trials), dtype=bool)
    for one in study.stopped:
        arm = (trials["buyer"] == one.buyer) & (trials["interface"] == one.interface)
        late |= (arm & (trials["plan_index"] > one.last_index)).to_numpy()
    return trials[~late].reset_index(drop=True)


@dataclass(frozen=True)
class _Shelves:
    """The alternatives of all worlds, one after another.

    Attributes:
        worlds: One row per world: world_id, task_id, k, assignment_probability.
        starts: (worlds,) where each world's alternatives begin.
        sizes: (worlds,) how many they are.
        products: All products.
        codes: (alternatives,) which product each is.
        columns: Name -> (alternatives,) values.
    """

    worlds: pd.DataFrame
    starts: Integers
    sizes: Integers
    products: pd.Index
    codes: Integers
    columns: Mapping[str, Any]

    @classmethod
    def read(cls, study: Study, source: _Source) -> "_Shelves":
        rows = source.rows(_WORLDS)
        worlds = pd.DataFrame(
            [row[:4] for row in rows],
            columns=["world_id", "task_id", "k", "assignment_probability"],
        )
        ids, levels, marginals, densities = (_parse(row[i] for row in rows) for i in range(4, 8))
        sizes = np.array(list(map(len, ids)), dtype=np.int64)
        products = pd.Index(list(study.listings))
        flat_ids = pd.Index(list(chain.from_iterable(ids)), dtype=products.dtype)
        codes = products.get_indexer(flat_ids).astype(np.int64)
        columns = _listing_columns(study, _flatten(levels, sizes), codes)
        columns |= {f"p_{name}": v for name, v in _flatten(marginals, sizes).items()}
        columns |= {f"density_{name}": v for name, v in _flatten(densities, sizes).items()}
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        return cls(worlds, starts, sizes, products, codes, columns)


def _parse(texts: Iterable[str]) -> list[Any]:
    """The values of many JSON texts, by one call of the parser."""
    return json.loads(f"[{','.join(texts)}]")  # type: ignore[no-any-return]


def _flatten(levels: Sequence[Mapping[str, Sequence[Any]]], sizes: Integers) -> dict[str, Any]:
    """Level -> its values in all worlds, one after another; None in a world without it."""
    names = dict.fromkeys(chain.from_iterable(levels))
    return {
        name: _array(
            list(
                chain.from_iterable(
                    world[name] if name in world else [None] * size
                    for world, size in zip(levels, sizes.tolist(), strict=True)
                )
            )
        )
        for name in names
    }


def _array(values: list[Any]) -> Any:  # noqa: ANN401
    """Numbers as an array, None as NaN; anything else as text."""
    kinds = set(map(type, values))
    if kinds <= {int, bool}:
        return np.array(values, dtype=np.int64)
    if kinds <= {int, bool, float, type(None)}:
        return np.array(values, dtype=np.float64)
    texts = [v if isinstance(v, str) or v is None else json.dumps(v) for v in values]
    return pd.array(texts, dtype="str")


def _listing_columns(study: Study, levels: dict[str, Any], codes: Integers) -> dict[str, Any]:
    """What was shown of every alternative, and what the catalogue says."""
    listings = list(study.listings.values())
    base = {name: _array([getattr(x, name) for x in listings])[codes] for name in _SHOWN}
    marks = {
        kind: _array([int(any(m.kind == kind for m in x.marks)) for x in listings])[codes]
        for kind in MARKS
    }
    columns = {"product_id": pd.array(list(study.listings), dtype="str")[codes]} | base | marks
    columns |= {
        f"original_{name}": base[name] for name in ("price_cents", "rating", "review_count")
    }
    columns |= levels
    wide = levels.get("columns", study.spec.shelf.columns)
    columns["row"], columns["col"] = terms.grid(columns["position"], wide)
    columns["list_price_cents"] = np.asarray(columns["list_price_cents"], dtype=np.float64)
    columns["rating"] = np.asarray(columns["rating"], dtype=np.float64)
    columns["discounted"] = (columns["list_price_cents"] > columns["price_cents"]).astype(np.int64)
    return columns


def _cross(met: Integers, starts: Integers, sizes: Integers) -> tuple[Integers, Integers]:
    """Index of the trial and index of the alternative for every row of the long table."""
    counts = sizes[met]
    trial = np.repeat(np.arange(len(met)), counts)
    first_row = np.repeat(np.cumsum(counts) - counts, counts)
    return trial, np.arange(len(trial)) - first_row + np.repeat(starts[met], counts)


def _per_trial(
    trials: pd.DataFrame, world: pd.DataFrame, study: Study, trial: Integers
) -> dict[str, Any]:
    """Columns that are the same for all alternatives of a trial."""
    own = ["trial_id", "repeat", "buyer", "interface", "status", "cause", *FACTORS]
    facts = pd.concat([trials[own], world], axis=1)
    category = {task_id: task.category for task_id, task in study.tasks.items()}
    facts["category"] = facts["task_id"].map(category)
    named = zip(facts["buyer"], facts["prompt"], strict=True)
    hashes = study.prompt_hashes
    facts["prompt_hash"] = pd.array([hashes.get(name, "") for name in named], dtype="str")
    models = {name: buyer.model for name, buyer in study.served.items()}
    facts["model"] = pd.array([models.get(name, "") for name in facts["buyer"]], dtype="str")
    heat = {name: buyer.temperature for name, buyer in study.served.items()}
    facts["temperature"] = facts["buyer"].map(heat).astype(np.float64)
    facts["currency"] = study.catalog.get("currency", "USD")
    return {str(name): facts[name].array.take(trial) for name in facts}


def _right_answers(study: Study, columns: Mapping[str, Any]) -> dict[str, Any]:
    """0/1 by alternative where errands have a right answer that is the same in all worlds."""
    answers = {id: task.right_answer for id, task in study.tasks.items() if task.right_answer}
    if not answers or "right_answer" in columns:
        return {}
    right = pd.Series(columns["task_id"]).map(answers)
    return {"right_answer": (right == pd.Series(columns["product_id"])).to_numpy(np.int64)}


def _outcomes(
    source: _Source, trials: pd.DataFrame, trial: Integers, products: pd.Index, codes: Integers
) -> dict[str, Any]:
    """What became of every alternative: bought, clicked, exposed, and its own probability."""
    bought = products.get_indexer(pd.Index(trials["bought"], dtype=products.dtype))
    bought = np.where(trials["status"] == "chosen", bought, -1)
    pairs = _Pairs(pd.Index(trials["trial_id"]), products, trial, codes)
    seen = [(t, json.loads(ids)) for t, ids, _ in source.rows(_EXPOSED)]
    known = np.isin(trial, pairs.trials.get_indexer(pd.Index([t for t, _ in seen], dtype="str")))
    exposed = pairs.contain((t, product) for t, ids in seen for product in ids)
    return {
        "chosen": (bought[trial] == codes).astype(np.int64),
        "clicked": pairs.contain(source.rows(_CLICKED)).astype(np.int64),
        "exposed": np.where(known, exposed, np.nan),
        "probability": pairs.values(zip(trials["trial_id"], trials["probability"], strict=True)),
    }


def _stages(source: _Source, rows: "_Pairs") -> dict[str, Any]:
    """What lay in the window of any results page, counted once, and what went into the cart."""
    shown = [(t, json.loads(ids)) for t, ids in source.rows(_SEEN)]
    watched = rows.trials.get_indexer(pd.Index([t for t, _ in shown], dtype="str"))
    seen = rows.contain((t, product) for t, ids in shown for product in ids)
    return {
        "seen": np.where(np.isin(rows.trial, watched), seen, np.nan),
        "carted": rows.contain(source.rows(_CARTED)).astype(np.int64),
    }


def _roamed(
    source: _Source, trials: pd.DataFrame, rows: "_Pairs", page_size: int
) -> dict[str, Any]:
    """Where listings stood as the buyer first saw them, and what was bought that no shelf held."""
    slots: dict[tuple[str, str], float] = {}
    for trial_id, text in source.rows(_RESULTS):
        shown = json.loads(text)
        before = (shown["page"] - 1) * page_size
        for slot, product in enumerate(shown["results"], start=before + 1):
            slots.setdefault((trial_id, product), slot)
    bought = rows.products.get_indexer(pd.Index(trials["bought"], dtype=rows.products.dtype))
    on_shelf = np.zeros(len(trials), dtype=bool)
    on_shelf[rows.trial[bought[rows.trial] == rows.codes]] = True
    away = trials["bought"].where(trials["status"].eq("chosen") & ~on_shelf, "").fillna("")
    return {
        "seen_position": rows.numbers(slots),
        "bought_off_shelf": away.array.take(rows.trial),
    }


@dataclass(frozen=True)
class _Pairs:
    """The rows of the long table as (trial, product), each pair one integer."""

    trials: pd.Index
    products: pd.Index
    trial: Integers
    codes: Integers

    def keys(self, pairs: Sequence[tuple[str, str]]) -> Integers:
        """Returns the integers of named pairs."""
        trials = self.trials.get_indexer(pd.Index([t for t, _ in pairs], dtype="str"))
        codes = self.products.get_indexer(pd.Index([p for _, p in pairs], dtype="str"))
        return np.asarray(np.where(codes < 0, -1, trials * len(self.products) + codes), np.int64)

    @property
    def rows(self) -> Integers:
        """(rows,) the integer of each row."""
        return self.trial * len(self.products) + self.codes

    def contain(self, pairs: Iterable[tuple[str, str]]) -> NDArray[np.bool_]:
        """Returns for each row whether its pair is among `pairs`."""
        return np.isin(self.rows, self.keys(list(pairs)))

    def values(self, by_trial: Iterable[tuple[str, str | None]]) -> NDArray[np.float64]:
        """Returns each row's number from per-trial JSON of product -> number; NaN without one."""
        read = [(t, json.loads(text)) for t, text in by_trial if isinstance(text, str)]
        return self.numbers({(t, product): x for t, table in read for product, x in table.items()})

    def numbers(self, numbers: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
        """Returns each row's number; NaN for a pair without one."""
        result = np.full(len(self.trial), np.nan)
        if numbers:
            keys = pd.Index(self.keys(list(numbers)))
            at = keys.get_indexer(pd.Index(self.rows))
            found = np.fromiter(numbers.values(), dtype=np.float64)
            result = np.where(at >= 0, found[at], np.nan)
        return result


def derive(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with those derived columns that it lacks and that can be made from it."""
    sources = {"row": "row", "col": "col", "pos": "position"}
    names = [
        f"{prefix}_{slot}"
        for prefix, source in sources.items()
        if source in table
        for slot in range(1, int(table[source].max() if len(table) else 0) + 1)
    ]
    names += [
        name
        for name, source in (
            ("log_price", "price_cents"),
            ("log_review_count", "review_count"),
            ("fee", "fee_cents"),
        )
        if source in table
    ]
    new = {name: terms.column(name, table) for name in names if name not in table}  # type: ignore[arg-type]
    whole = tuple(f"{prefix}_" for prefix in sources)
    slots = {name: v.astype(np.int64) for name, v in new.items() if name.startswith(whole)}
    return pd.concat([table, pd.DataFrame(new | slots, index=table.index)], axis=1)


def export(table: pd.DataFrame, path: str | Path) -> Path:
    """Writes the long table as Parquet or CSV, and its codebook beside it.

    In Parquet each column also carries its unit and meaning as metadata.

    Returns:
        The path of the codebook, `<stem>.codebook.md`.

    Raises:
        UserError: If the path ends in neither `.parquet` nor `.csv`.
    """
    path = Path(path)
    if path.suffix not in (".parquet", ".csv"):
        raise UserError(f"{path}: a long table is written as .parquet or .csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        _write_parquet(table, path)
    beside = path.with_name(f"{path.stem}.codebook.md")
    beside.write_text(codebook_markdown(map(str, table.columns)), encoding="utf-8")
    return beside


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    fields = []
    for field in arrow.schema:
        unit, meaning = describe(field.name)
        fields.append(field.with_metadata({"unit": unit, "description": meaning}))
    schema = pa.schema(fields, metadata=arrow.schema.metadata)
    pq.write_table(arrow.cast(schema), path)


def trials_of(table: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per trial: its own columns, with `product_id`, `position` of what it bought.

    Where nothing was bought, `product_id` is missing and `position`, `row` and `col` are NaN.
    """
    first = table.drop_duplicates("trial_id").set_index("trial_id")
    own = [name for name in _OF_TRIAL if name in first]
    bought = table[table["chosen"] == 1].set_index("trial_id")
    shown = [name for name in ("product_id", "position", "row", "col") if name in bought]
    return first[own].join(bought[shown], how="left")
