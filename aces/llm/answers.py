"""Answers in a file of their own, by what they answer, so that a run can be told again."""

import json
import sqlite3
import time
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from aces.errors import StoreError
from aces.llm.records import Reply, Request

_SCHEMA = """
create table if not exists answers (
    key text primary key,
    salt text not null,
    parts text not null,
    reply text not null,
    stored_at real not null
) without rowid;
create index if not exists answers_by_salt on answers (salt);
"""


def answer_key(request: Request, salt: str) -> str:
    """Returns the key of an answer: of all that can change it, pictures by their content.

    Args:
        request: With every field in it.
        salt: Tells apart requests that are equal but are each to be answered afresh: the trial's
            random stream, and the request's number within the trial.
    """
    return _digest([salt, _parts(request)])


def _parts(request: Request) -> dict[str, str]:
    """Digest of each part of a request, so that two can be told apart by name."""
    fields = request.model_dump()
    sampling = fields.pop("sampling")
    named = fields | {f"sampling.{name}": value for name, value in sampling.items()}
    return {name: _digest(value) for name, value in sorted(named.items())}


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=_picture, ensure_ascii=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _picture(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, bytes):
        return f"bytes {blake2b(value, digest_size=16).hexdigest()}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not part of a request")


class Answers:
    """A file of answers. Many processes may use it at once.

    Args:
        path: Of the file; made where it is missing.

    Raises:
        StoreError: If it can't be opened, or holds something else.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: can't be used as a file of answers ({error})") from error

    def get(self, key: str) -> Reply | None:
        """Returns the answer stored under a key."""
        row = self._db.execute("select reply from answers where key = ?", (key,)).fetchone()
        return Reply.model_validate_json(row[0]) if row else None

    def put(self, key: str, reply: Reply, request: Request | None = None, salt: str = "") -> None:
        """Stores an answer; the first one under a key stays.

        With request and salt, `missing` can later say in what another request differs.
        """
        parts = json.dumps(_parts(request)) if request else "{}"
        row = (key, salt, parts, reply.model_dump_json(), time.time())
        self._db.execute("insert or ignore into answers values (?, ?, ?, ?, ?)", row)

    def missing(self, request: Request, salt: str) -> str:
        """Returns why a request has no stored answer, for people."""
        query = "select parts from answers where salt = ?"
        stored = [json.loads(row[0]) for row in self._db.execute(query, (salt,))]
        if not stored:
            return "no answer is stored for this request of this trial"
        parts = _parts(request)
        differing = [[n for n in parts if parts[n] != other.get(n)] for other in stored]
        _, names = min((len(names), ", ".join(names)) for names in differing)
        return f"the stored answer is to another request; it differs in: {names}"

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
