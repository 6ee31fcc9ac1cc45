"""`RunStore`: one SQLite file in WAL mode and content-addressed blobs per run.

One process writes; any number read. What is planned is written before it is run, so that a run
that was killed goes on with exactly the trials it still lacks.
"""

import fcntl
import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aces.blobs import TAKEN, BlobStore, why
from aces.errors import StoreError
from aces.finished import (
    Finished,
    StoredExchange,
    StoredStep,
    as_json,
    event_rows,
    exchange_rows,
    outcome_row,
    step_rows,
)
from aces.schema import MIGRATIONS, migrate, stored_format
from aces.types import Assignment, Status, Trial

__all__ = [
    "OPERATIONAL_CAUSES",
    "BlobStore",
    "Finished",
    "Progress",
    "RunStore",
    "Spent",
    "StoredExchange",
    "StoredStep",
    "why",
]

PAGE = 8192
"""Bytes of a page of the database: a row of worlds fits one, which halves the file."""

OPERATIONAL_CAUSES = frozenset({"server", "browser", "shop", "worker", "fault"})
"""Failures that say something about the laboratory, not about the buyer: `--retry-failed`."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What served models have cost, all attempts together; answers from a cache are free."""

    cost: float = 0.0
    tokens: int = 0

    def with_finished(self, batch: Iterable[Finished]) -> "Spent":
        """Returns what is spent after some more trials."""
        exchanges = [exchange for finished in batch for exchange in finished.exchanges]
        return Spent(
            self.cost + sum(exchange.cost for exchange in exchanges),
            self.tokens + sum(exchange.tokens for exchange in exchanges),
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    planned: int
    by_status: Mapping[str, int]
    by_cause: Mapping[str, int] = field(default_factory=dict)
    spent: Spent = Spent()

    @property
    def done(self) -> int:
        """Trials with an outcome."""
        return sum(self.by_status.values())

    def with_finished(self, batch: Sequence[Finished]) -> "Progress":
        """Returns the progress after some more first attempts."""
        statuses, causes = dict(self.by_status), dict(self.by_cause)
        for choice in (finished.choice for finished in batch):
            statuses[choice.status.value] = statuses.get(choice.status.value, 0) + 1
            if choice.status is Status.FAILED:
                causes[choice.cause] = causes.get(choice.cause, 0) + 1
        return Progress(self.planned, statuses, causes, self.spent.with_finished(batch))

    @property
    def operational_failures(self) -> int:
        """Failed trials whose cause was the laboratory, not the buyer."""
        return sum(n for cause, n in self.by_cause.items() if cause in OPERATIONAL_CAUSES)


class RunStore:
    """A run folder: `run.sqlite`, `blobs/`, `manifest.json`.

    Use `RunStore.create` to make or go on with one, `RunStore.open` to read one.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection, lock: IO[bytes] | None = None) -> None:
        self.folder = folder
        self.db = db
        self.blobs = BlobStore(folder / "blobs")
        self._lock = lock

    @classmethod
    def create(cls, folder: str | Path) -> "RunStore":
        """Opens a run folder for writing, making it where it is absent.

        Raises:
            StoreError: If it can't be written, or another process writes to it.
        """
        folder = Path(folder)
        path = folder / "run.sqlite"
        try:
            with ExitStack() as undo:
                folder.mkdir(parents=True, exist_ok=True)
                lock = undo.enter_context(_only_writer(folder))
                db = sqlite3.connect(path, isolation_level=None, timeout=2)
                undo.callback(db.close)
                stored_format(db, path)
                db.execute(f"PRAGMA page_size = {PAGE}")  # of a new file; others keep theirs
                db.execute("PRAGMA journal_mode = WAL")
                # a power cut may lose the last trials, never the file; they are run again
                db.execute("PRAGMA synchronous = NORMAL")
                migrate(db)
                undo.pop_all()
        except (OSError, sqlite3.OperationalError) as error:
            raise StoreError(f"{folder}: {why(error)}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path}: not a run of ACES: {error}") from error
        return cls(folder, db, lock)

    @classmethod
    def open(cls, folder: str | Path) -> "RunStore":
        """Opens a stored run for reading.

        Raises:
            StoreError: If there is none.
        """
        path = Path(folder) / "run.sqlite"
        if not path.is_file():
            raise StoreError(
                f"{folder}: no run there (no run.sqlite). "
                f"`aces run EXPERIMENT.yaml --out {folder}` makes one"
            )
        db = sqlite3.connect(path, isolation_level=None, timeout=10)
        try:
            found = stored_format(db, path)
            if found == 0:
                raise StoreError(f"{path}: not a run of ACES: nothing has been stored in it yet")
            if found < len(MIGRATIONS):
                migrate(db)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{path}: of an older format, and {why(error)}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path}: not a run of ACES: {error}") from error
        return cls(Path(folder), db)

    def close(self) -> None:
        """Closes the database, and lets others write."""
        self.db.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> "RunStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is stored, or nothing.

        Raises:
            StoreError: If the disk is full or the file is locked.
        """
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.folder}: {why(error)}") from error
        try:
            yield self.db
            self.db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise StoreError(f"{self.folder}: {why(error)}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    # -- what was planned -------------------------------------------------------------------

    def set_meta(self, key: str, value: object) -> None:
        """Stores one JSON value under a key."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, as_json(value)))

    def meta(self, key: str) -> Any:  # noqa: ANN401
        """Returns the JSON value stored under a key, or None."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def add_products(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """Stores the catalogue slice: id, product JSON, base listing JSON, drawn fields JSON."""
        with self.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?)", rows)

    def add_pictures(self, keys: Iterable[str], load: Callable[[str], bytes]) -> None:
        """Stores the slice's pictures; only those not there yet are loaded, which may take long."""
        known = {key for (key,) in self.db.execute("SELECT key FROM pictures")}
        rows = [
            (key, self.blobs.put(load(key), f".{key.rpartition('.')[2]}"))
            for key in dict.fromkeys(keys)
            if key not in known
        ]
        with self.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?)", rows)

    def add_batch(
        self, batch: int, assignments: Iterable[Assignment], trials: Iterable[Trial]
    ) -> None:
        """Stores a planned batch; what is already there stays as it is."""
        worlds = (
            (
                a.world_id,
                a.task_id,
                a.k,
                batch,
                as_json(a.product_ids),
                as_json(a.levels),
                a.probability,
                as_json(a.marginals),
                as_json(a.densities),
            )
            for a in assignments
        )
        rows = (
            (
                t.id,
                t.plan_index,
                t.batch,
                t.world_id,
                t.buyer,
                t.interface,
                t.repeat,
                t.persona,
                t.prompt,
            )
            for t in trials
        )
        with self.transaction() as db:
            db.executemany(f"INSERT OR IGNORE INTO worlds VALUES ({_marks(9)})", worlds)
            db.executemany(f"INSERT OR IGNORE INTO trials VALUES ({_marks(9)})", rows)

    def finished_ids(self) -> set[str]:
        """Returns the ids of trials that have an outcome."""
        return {row[0] for row in self.db.execute("SELECT DISTINCT trial_id FROM outcomes")}

    def retryable_ids(self) -> set[str]:
        """Returns the ids of trials whose latest outcome failed for an operational cause."""
        rows = self.db.execute("SELECT trial_id, cause FROM latest WHERE status = 'failed'")
        return {trial_id for trial_id, cause in rows if cause in OPERATIONAL_CAUSES}

    # -- what happened ----------------------------------------------------------------------

    def add_finished(self, batch: Sequence[Finished], session: int) -> None:
        """Stores finished trials in one transaction; a repeated trial is a further attempt."""
        attempts = self._next_attempts([f.trial_id for f in batch])
        with self.transaction() as db:
            db.executemany(
                f"INSERT INTO outcomes VALUES ({_marks(12)})",
                [outcome_row(f, attempts[f.trial_id], session) for f in batch],
            )
            db.executemany(
                f"INSERT INTO steps VALUES ({_marks(15)})",
                [row for f in batch for row in step_rows(f, attempts[f.trial_id])],
            )
            db.executemany(
                f"INSERT INTO events VALUES ({_marks(7)})",
                [row for f in batch for row in event_rows(f, attempts[f.trial_id])],
            )
            db.executemany(
                f"INSERT INTO exchanges VALUES ({_marks(20)})",
                [row for f in batch for row in exchange_rows(f, attempts[f.trial_id])],
            )

    def _next_attempts(self, ids: list[str]) -> dict[str, int]:
        """Trial id -> number of its next attempt, from 1."""
        attempts = dict.fromkeys(ids, 1)
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            rows = self.db.execute(
                f"SELECT trial_id, max(attempt) FROM outcomes WHERE trial_id IN "
                f"({_marks(len(some))}) GROUP BY trial_id",
                some,
            )
            attempts.update({trial_id: last + 1 for trial_id, last in rows})
        return attempts

    def start_session(self, started: str, facts: Mapping[str, object]) -> int:
        """Records that a process began to work on this run, and with what; returns its number."""
        with self.transaction() as db:
            cursor = db.execute(
                "INSERT INTO sessions (started, facts) VALUES (?, ?)", (started, as_json(facts))
            )
            return int(cursor.lastrowid or 0)

    def end_session(self, session: int, ended: str, facts: Mapping[str, object]) -> None:
        """Records that it stopped."""
        with self.transaction() as db:
            db.execute(
                "UPDATE sessions SET ended = ?, facts = ? WHERE id = ?",
                (ended, as_json(facts), session),
            )

    def progress(self, running_again: Container[str] = ()) -> Progress:
        """Returns counts by status and, of failures, by cause.

        Args:
            running_again: Ids of failed trials that do not count, because they get another attempt.
        """
        planned = self.db.execute("SELECT count(*) FROM trials").fetchone()[0]
        counts = dict.fromkeys((s.value for s in Status), 0)
        counts |= dict(self.db.execute("SELECT status, count(*) FROM latest GROUP BY status"))
        failed = self.db.execute("SELECT trial_id, cause FROM latest WHERE status = 'failed'")
        causes = Counter(cause for trial_id, cause in failed if trial_id not in running_again)
        counts[Status.FAILED.value] = causes.total()
        statuses = {status: n for status, n in counts.items() if n}
        return Progress(planned, statuses, dict(causes), self.spent())

    def spent(self) -> Spent:
        """Returns what served models have cost so far."""
        row = self.db.execute(
            "SELECT total(cost), sum(CASE from_cache WHEN 0 THEN prompt_tokens + "
            "completion_tokens ELSE 0 END) FROM exchanges"
        ).fetchone()
        return Spent(row[0], row[1] or 0)

    def step_text(self, text: bytes | None, text_blob: str | None) -> str | None:
        """Returns the text of a stored step from its two columns."""
        if text is not None:
            return zlib.decompress(text).decode()
        return self.blobs.get(text_blob).decode() if text_blob else None


def _marks(n: int) -> str:
    return ", ".join("?" * n)


def _only_writer(folder: Path) -> IO[bytes]:
    """Holds the folder for this process. The lock goes with the process, however that ends."""
    lock = (folder / "writer.lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StoreError(f"{folder}: {TAKEN}") from None
    return lock
