"""Pre-registration: what was declared before the first trial, and what differs from it now."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

import aces
from aces.errors import SpecError, StoreError
from aces.seeds import Stream
from aces.spec import digest
from aces.types import Record

LOCK = "lock.json"
DEVIATIONS = "deviations.jsonl"

_FULL = 32
"""Bytes of the hash over the whole registration."""

_FOLLOWS = {"declarations": "treatments", "prompts": "buyers"}
"""What need not be named again where that from which it follows differs."""

_SHOWN = 80
"""Characters of a value that are shown; of a longer one, those around the first difference."""


class Alteration(Record):
    """One thing that is not as it was registered."""

    key: str
    there: str
    now: str

    def __str__(self) -> str:
        return f"{self.key}: {self.there} there, {self.now} now"


class Deviation(Record):
    """A line of the log of deviations."""

    time: str
    command: str
    reason: str
    alterations: tuple[Alteration, ...]


class Lock(Record):
    """A pre-registration."""

    format: Literal[1] = 1
    name: str
    date: str
    """When it was written, in UTC."""
    version: str
    """Of the package."""
    trials: int
    """The sample size, over all buyers."""
    hold_out_seed: int
    """Draws worlds that no exploration on the experiment's own seed has seen."""
    plan: Mapping[str, Any]
    """Full text: design, declarations, buyers with their prompts, exclusions, analyses."""
    hashes: Mapping[str, str]
    """Key of the plan -> its hash."""
    hash: str = ""
    """Of all the rest."""

    @classmethod
    def of(cls, plan: Mapping[str, Any], *, date: str, trials: int) -> "Lock":
        """Returns the registration of a plan, sealed.

        Args:
            plan: As JSON-like data, `name`, `seed` and `worlds_per_task` among it.
            date: Today's.
            trials: How many will be run.
        """
        open_lock = cls(
            name=plan["name"],
            date=date,
            version=aces.__version__,
            trials=trials,
            hold_out_seed=Stream(plan["seed"], "hold-out").whole(),
            plan=plan,
            hashes={key: digest(value) for key, value in plan.items()},
        )
        return open_lock.model_copy(update={"hash": open_lock.digest})

    @property
    def digest(self) -> str:
        """The hash that it should have."""
        return digest(self.model_dump(mode="json", exclude={"hash"}), _FULL)

    @property
    def edited(self) -> str:
        """What was edited after it was written, in words; empty where nothing was."""
        if self.hash == self.digest:
            return ""
        parts = [key for key, value in self.plan.items() if self.hashes.get(key) != digest(value)]
        return ", ".join(parts) or "its date, sample size, seed or hashes"

    def alterations(
        self, plan: Mapping[str, Any], *, hold_out: bool = False, version: str = aces.__version__
    ) -> list[Alteration]:
        """Returns what differs in a plan, the version of the package included.

        Args:
            plan: As this one's was given.
            hold_out: Whether its worlds are those of the hold-out seed.
            version: Of the package that ran it.
        """
        registered = dict(self.plan)
        if hold_out:
            registered["seed"] = self.hold_out_seed
        found = {
            key: differences(registered.get(key), plan.get(key), key)
            for key in {**registered, **plan}
        }
        named = {key: list(each) for key, each in found.items()}
        for key, source in _FOLLOWS.items():
            if named.get(source):
                named.pop(key, None)
        named["aces"] = list(differences(self.version, version, "version"))
        return [each for several in named.values() for each in several]


def differences(there: object, now: object, key: str = "") -> Iterator[Alteration]:
    """Yields what differs between two JSON-like values, down to the key that was changed."""
    if isinstance(there, Mapping) and isinstance(now, Mapping):
        for name in {**there, **now}:
            place = f"{key}.{name}".removeprefix(".")
            yield from differences(there.get(name), now.get(name), place)
    elif isinstance(there, list) and isinstance(now, list) and len(there) == len(now):
        for i, (one, other) in enumerate(zip(there, now, strict=True)):
            yield from differences(one, other, f"{key}[{i}]")
    elif there != now:
        texts = [json.dumps(value, ensure_ascii=False) for value in (there, now)]
        first, second = _around_difference(*texts)
        # as it stands in the YAML
        yield Alteration(key=key.replace(".parameters.", "."), there=first, now=second)


def _around_difference(one: str, other: str) -> tuple[str, str]:
    """Both texts, if too long cut to what stands around the first character that differs."""
    if max(len(one), len(other)) <= _SHOWN:
        return one, other
    pairs = zip(one, other, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    start = max(0, at - _SHOWN // 2)
    return _cut(one, start), _cut(other, start)


def _cut(text: str, start: int) -> str:
    end = start + _SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def write_lock(lock: Lock, path: Path) -> None:
    """Writes a pre-registration; one that is there already is never written over.

    Raises:
        SpecError: If the file is there, or can't be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(lock_text(lock))
    except FileExistsError:
        raise SpecError(
            f"{path} is there already, and a registration is not written over; name another file"
        ) from None
    except OSError as error:
        raise SpecError(f"{path}: can't be written: {error.strerror}") from error


def lock_text(lock: Lock) -> str:
    """Returns what stands in the file."""
    return json.dumps(lock.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def read_lock(path: Path) -> Lock:
    """Returns a pre-registration.

    Raises:
        SpecError: If there is none, or it was edited after it was written.
    """
    try:
        lock = Lock.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(
            f"{path}: no such file. `aces plan EXPERIMENT.yaml --lock {path}` writes one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: can't be read: {error}") from error
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise SpecError(f"{path}: not a pre-registration of ACES: {reason}") from error
    if lock.edited:
        raise SpecError(
            f"{path}: edited after it was written ({lock.edited}): it does not have its own hash"
        )
    return lock


def log_deviation(folder: Path, deviation: Deviation) -> bool:
    """Adds to the log of a run folder what it does not hold yet; returns whether that was anything.

    Raises:
        StoreError: If the log can't be written.
    """
    known = logged(folder, deviation.command)
    new = tuple(each for each in deviation.alterations if each not in known)
    if not new:
        return False
    line = deviation.model_copy(update={"alterations": new}).model_dump_json()
    try:
        with (folder / DEVIATIONS).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise StoreError(f"{folder / DEVIATIONS}: can't be written: {error.strerror}") from error
    return True


def logged(folder: Path, command: str) -> Sequence[Alteration]:
    """Returns the alterations that a command has logged."""
    lines = read_deviations(folder)
    return [each for line in lines if line.command == command for each in line.alterations]


def read_deviations(folder: Path) -> list[Deviation]:
    """Returns the log of a run folder; empty where there is none.

    Raises:
        StoreError: If it is no log.
    """
    path = folder / DEVIATIONS
    if not path.is_file():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Deviation.model_validate_json(line) for line in lines]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise StoreError(f"{path}: not a log of deviations: {error}") from error
