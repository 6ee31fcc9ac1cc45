"""The tables of `run.sqlite`, and how files of older formats are brought to the newest one."""

import sqlite3
from pathlib import Path

from aces.errors import StoreError

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE products (
    product_id TEXT PRIMARY KEY, product TEXT NOT NULL, listing TEXT NOT NULL,
    drawn TEXT NOT NULL DEFAULT '[]');
CREATE TABLE pictures (key TEXT PRIMARY KEY, blob TEXT NOT NULL);
CREATE TABLE worlds (
    world_id TEXT PRIMARY KEY, task_id TEXT NOT NULL, k INTEGER NOT NULL,
    batch INTEGER NOT NULL, product_ids TEXT NOT NULL, levels TEXT NOT NULL,
    probability REAL NOT NULL, marginals TEXT NOT NULL, densities TEXT NOT NULL);
CREATE TABLE trials (
    trial_id TEXT PRIMARY KEY, plan_index INTEGER NOT NULL, batch INTEGER NOT NULL,
    world_id TEXT NOT NULL REFERENCES worlds, buyer TEXT NOT NULL,
    interface TEXT NOT NULL, repeat INTEGER NOT NULL);
CREATE UNIQUE INDEX trials_in_plan_order ON trials (plan_index);
CREATE TABLE outcomes (
    trial_id TEXT NOT NULL REFERENCES trials, attempt INTEGER NOT NULL,
    status TEXT NOT NULL, cause TEXT NOT NULL, product_id TEXT, probability TEXT,
    said TEXT, detail TEXT NOT NULL, seconds REAL NOT NULL,
    blocked_requests INTEGER NOT NULL, session INTEGER NOT NULL,
    PRIMARY KEY (trial_id, attempt)) WITHOUT ROWID;
CREATE TABLE steps (
    trial_id TEXT NOT NULL, attempt INTEGER NOT NULL, step INTEGER NOT NULL,
    page TEXT NOT NULL, url TEXT NOT NULL, text BLOB, text_blob TEXT, screenshot TEXT,
    action TEXT NOT NULL, error TEXT, exposed TEXT, observe_s REAL, act_s REAL,
    PRIMARY KEY (trial_id, attempt, step)) WITHOUT ROWID;
CREATE TABLE events (
    trial_id TEXT NOT NULL, attempt INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, page TEXT NOT NULL, at_s REAL NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (trial_id, attempt, seq)) WITHOUT ROWID;
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT,
    facts TEXT NOT NULL);
CREATE VIEW latest AS
    SELECT o.* FROM outcomes o WHERE o.attempt =
        (SELECT max(attempt) FROM outcomes WHERE trial_id = o.trial_id)
"""

_MODELS = """
ALTER TABLE trials ADD COLUMN persona TEXT NOT NULL DEFAULT '';
ALTER TABLE trials ADD COLUMN prompt TEXT NOT NULL DEFAULT '';
ALTER TABLE outcomes ADD COLUMN reported TEXT;
CREATE TABLE exchanges (
    trial_id TEXT NOT NULL, attempt INTEGER NOT NULL, seq INTEGER NOT NULL,
    step INTEGER NOT NULL, purpose TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL,
    reply TEXT, error TEXT NOT NULL, cause TEXT NOT NULL, seconds REAL NOT NULL,
    waited_s REAL NOT NULL, waits TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    image_tokens INTEGER, cached_tokens INTEGER, completion_tokens INTEGER NOT NULL,
    thinking_tokens INTEGER, from_cache INTEGER NOT NULL, cost REAL NOT NULL,
    PRIMARY KEY (trial_id, attempt, seq)) WITHOUT ROWID
"""
"""What buyers that ask a served model leave behind."""

_ACTED = """
ALTER TABLE steps ADD COLUMN at_s REAL;
ALTER TABLE steps ADD COLUMN box TEXT
"""
"""When a buyer had decided, and what it acted on; null in runs that did not keep them."""

MIGRATIONS = (_TABLES, _MODELS, _ACTED)
"""SQL that brings a file from each format to the next; statements end with `;`."""


def stored_format(db: sqlite3.Connection, path: Path) -> int:
    """Returns the number of migrations that a file has been through.

    Raises:
        StoreError: If it is more than this version knows, or the file is somebody else's.
    """
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found > len(MIGRATIONS):
        raise StoreError(f"{path}: written by a newer ACES (format {found}); update this one")
    if found == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreError(f"{path}: not a run of ACES: it holds other tables")
    return found


def migrate(db: sqlite3.Connection) -> None:
    """Brings the tables from the format they have to the newest: all the way, or not at all."""
    db.execute("BEGIN IMMEDIATE")
    found: int = db.execute("PRAGMA user_version").fetchone()[0]  # now that nobody else writes
    for migration in MIGRATIONS[found:]:
        for statement in migration.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute("COMMIT")
