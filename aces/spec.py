"""Experiment YAML -> `ExperimentSpec`, with errors that name file, line, key, and what to write."""

import json
import types
import typing
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from aces.errors import SpecError, nearest
from aces.registry import Registry
from aces.rules import Gates, Multiplicity
from aces.shelf import Shelf
from aces.stopping import StopRule
from aces.types import Record, Task

Path_ = tuple[str | int, ...]
Registries = Mapping[str, Registry[Any]]

CHANGEABLE = ("analysis", "exclude", "gates", "multiplicity", "worlds_per_task", "budget")
"""What may differ when a run goes on; `worlds_per_task` may only grow."""


_WORDS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
"""What YAML must take a key for; 1, yes or null are none."""


class Plugin(Record):
    """A plug-in and its parameters, defaults filled in."""

    use: str
    name: str
    parameters: Mapping[str, Any] = {}
    interfaces: tuple["Plugin", ...] = ()
    """Of a buyer that carries its own; empty where it uses the experiment's."""


class Budget(Record):
    """What a run may use up at served models; counted over the whole run, whatever came of it."""

    cost: float | None = Field(default=None, gt=0)
    """In the currency of the buyers' `prices`."""
    tokens: int | None = Field(default=None, gt=0)
    """Of prompts and answers together."""

    def reached(self, cost: float, tokens: int) -> bool:
        """Returns whether so much is all of it."""
        return (self.cost is not None and cost >= self.cost) or (
            self.tokens is not None and tokens >= self.tokens
        )


class Exclude(Record):
    """Which buyers' choices are not estimated from, decided before they are seen."""

    position_lock: float | None = Field(default=None, gt=0, lt=1)
    """Those that take one slot in a larger share of their purchases."""
    failed: float | None = Field(default=None, ge=0, lt=1)
    """Those of whose trials a larger share failed, for whatever cause."""


class ExperimentSpec(Record):
    """A whole experiment, every default filled in."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)
    seed: int = 0
    catalog: str = "demo"
    tasks: tuple[Task, ...] = Field(min_length=1)
    shelf: Shelf = Shelf()
    design: Plugin = Plugin(use="independent", name="independent")
    treatments: tuple[Plugin, ...] = ()
    buyers: tuple[Plugin, ...] = Field(min_length=1)
    interfaces: tuple[Plugin, ...] = Field(min_length=1)
    worlds_per_task: int = Field(ge=1)
    repeats: int = Field(default=1, ge=1)
    max_steps: int = Field(default=15, ge=1)
    budget: Budget | None = None
    """Once it is used up no further trial is begun; a larger one goes on."""
    stop: tuple[StopRule, ...] = ()
    """Each buyer and interface ends where all of these hold, on what is completed in plan order."""
    exclude: Exclude = Exclude()
    """Held against each buyer with its interface; their trials are counted and shown."""
    gates: Gates = Gates()
    """What must hold before estimates are believed."""
    multiplicity: Multiplicity = Multiplicity()
    """How p-values are adjusted for one another."""
    analysis: tuple[Plugin, ...] = ()
    """Empty: the default analysis, every level the design varies plus the slot terms."""

    _lines: "Lines" = PrivateAttr(default_factory=lambda: Lines("", {}))

    def where(self, *path: str | int) -> str:
        """Returns `file:line key` of a place in the YAML, for error messages."""
        return self._lines.where(path)

    @property
    def folder(self) -> Path | None:
        """The folder of the YAML, which relative paths may start from."""
        return Path(self._lines.file).parent if self._lines.file else None

    def buyer_interfaces(self, buyer: Plugin) -> tuple[Plugin, ...]:
        """Returns the interfaces a buyer meets its worlds through."""
        return buyer.interfaces or self.interfaces

    @property
    def digest(self) -> str:
        """Hash of everything that decides which trials are run."""
        identity = self.model_dump(mode="json", exclude=set(CHANGEABLE))
        return digest(identity)


def digest(value: object, size: int = 10) -> str:
    """Returns a hex digest of a JSON-like value, the same for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode(), digest_size=size).hexdigest()


class Lines:
    """Where each key of a YAML file stands."""

    def __init__(self, file: str, lines: Mapping[Path_, int]) -> None:
        self.file = file
        self._lines = lines

    def where(self, path: Path_) -> str:
        """Returns `file:line key`; the nearest enclosing key where the place itself is absent."""
        known = path
        while known and known not in self._lines:
            known = known[:-1]
        line = self._lines.get(known)
        place = f"{self.file}:{line}" if line else self.file
        return f"{place} {_dotted(path)}".strip()


def _dotted(path: Path_) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def load_spec(
    path: str | Path, registries: Registries, overrides: Mapping[str, str] | None = None
) -> ExperimentSpec:
    """Returns the experiment that a YAML file describes.

    Args:
        path: The file.
        registries: Plug-ins by kind: buyer, treatment, design, interface, estimator, ranker.
        overrides: Dotted key -> YAML text, as `--set worlds_per_task=50` gives them.

    Raises:
        SpecError: Naming file, line, key, what was found and what is allowed, for all faults.
    """
    data, lines = _read(Path(path))
    for key, text in (overrides or {}).items():
        _override(data, key, text)
    faults: list[str] = []
    resolved = _Resolver(registries, lines, faults).experiment(data)
    spec = _validate(ExperimentSpec, resolved, (), lines, faults)
    if faults:
        raise SpecError("\n".join(dict.fromkeys(faults)))
    assert isinstance(spec, ExperimentSpec)
    spec._lines = lines
    return spec


def load_analyses(path: str | Path, registries: Registries) -> tuple[Plugin, ...]:
    """Returns the analyses of a YAML file that holds `analysis: [...]`, as an experiment does.

    Raises:
        SpecError: As `load_spec` does.
    """
    data, lines = _read(Path(path))
    faults: list[str] = []
    if set(data) != {"analysis"}:
        raise SpecError(f"{path}: expected the key `analysis:` alone, found {', '.join(data)}")
    found = _Resolver(registries, lines, faults).plugins(
        data["analysis"], "estimator", ("analysis",)
    )
    if faults:
        raise SpecError("\n".join(dict.fromkeys(faults)))
    return tuple(Plugin(**entry) for entry in found)


def _read(path: Path) -> tuple[dict[str, Any], Lines]:
    """The file's data, and where each key stands."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(
            f"{path}: no such file. `aces init NAME` writes one to start from"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: can't be read: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        places = list(_walk(node, ()))
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise SpecError(f"{path}{at}: not valid YAML: {problem}") from error
    if not isinstance(data, dict):
        raise SpecError(f"{path}: expected keys such as `name:` and `tasks:`, found {_found(data)}")
    lines: dict[Path_, int] = {}
    for place, line in places:
        if place in lines:
            raise SpecError(f"{path}:{line} {_dotted(place)}: given twice, first on {lines[place]}")
        lines[place] = line
    return data, Lines(str(path), lines)


def _walk(node: yaml.Node | None, path: Path_) -> Iterator[tuple[Path_, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag not in _WORDS:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key.value}' is no word; put it in quotes", key.start_mark
                )
            place = (*path, str(key.value))
            yield place, key.start_mark.line + 1
            yield from _walk(value, place)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value.start_mark.line + 1
            yield from _walk(value, (*path, index))


def _override(data: dict[str, Any], key: str, text: str) -> None:
    """Sets one dotted key: `shelf.size`, `buyers.0.noise`, `buyers.planted.noise`."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(f"--set {key}: {text!r} is not valid YAML") from error
    *parents, last = key.split(".")
    place: Any = data
    for part in parents:
        place = _step_into(place, part, key)
    if isinstance(place, list):
        place[_index(place, last, key)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise SpecError(f"--set {key}: {_found(place)} has no keys")


def _step_into(place: Any, part: str, key: str) -> Any:  # noqa: ANN401
    if isinstance(place, list):
        return place[_index(place, part, key)]
    if isinstance(place, dict):
        return place.setdefault(part, {})
    raise SpecError(f"--set {key}: {_found(place)} has no key '{part}'")


def _index(place: list[Any], part: str, key: str) -> int:
    names = [
        str(e.get("name") or e.get("id") or e.get("use") if isinstance(e, dict) else e)
        for e in place
    ]
    if part in names:
        return names.index(part)
    if part.isdecimal() and int(part) < len(place):
        return int(part)
    raise SpecError(f"--set {key}: no entry '{part}'{nearest(part, names)}")


class _Resolver:
    """Turns the YAML's data into the record's, filling in plug-in parameters."""

    def __init__(self, registries: Registries, lines: Lines, faults: list[str]) -> None:
        self.registries = registries
        self.lines = lines
        self.faults = faults
        self._interfaces: dict[str, dict[str, Any]] = {}

    def experiment(self, data: dict[str, Any]) -> dict[str, Any]:
        data = dict(data)
        if "interfaces" in data:
            self.fault(("interfaces",), "unknown key 'interfaces'; write `interface:`")
        data["interfaces"] = self.interfaces(data.pop("interface", "json"), ("interface",))
        for key, kind in (
            ("treatments", "treatment"),
            ("buyers", "buyer"),
            ("analysis", "estimator"),
        ):
            if key in data:
                data[key] = self.plugins(data[key], kind, (key,))
        if "design" in data:
            data["design"] = self.plugin(data["design"], "design", ("design",))
        data["tasks"] = self.tasks(data.get("tasks"))
        self.ranker(data.get("shelf"))
        if isinstance(data.get("stop"), dict):
            data["stop"] = [data["stop"]]
        return data

    def tasks(self, tasks: object) -> object:
        """Fills in `query` from the category."""
        if not isinstance(tasks, list):
            return tasks
        ids = [task.get("id") for task in tasks if isinstance(task, dict)]
        for index, name in enumerate(ids):
            if name in ids[:index]:
                self.fault(("tasks", index, "id"), f"another task is called '{name}' already")
        return [
            {"query": str(task.get("category", "")).replace("_", " "), **task}
            if isinstance(task, dict)
            else task
            for task in tasks
        ]

    def ranker(self, shelf: object) -> None:
        name = shelf.get("ranker", "fixed") if isinstance(shelf, dict) else "fixed"
        known = self.registries["ranker"].names()
        if name not in known:
            self.fault(
                ("shelf", "ranker"), f"ranker '{name}' is unknown{nearest(str(name), known)}"
            )

    def interfaces(self, value: object, path: Path_) -> list[Any]:
        entries = value if isinstance(value, list) else [value]
        return self.plugins(entries, "interface", path)

    def plugins(self, value: object, kind: str, path: Path_) -> list[Any]:
        if not isinstance(value, list):
            self.fault(path, f"expected a list of {kind}s, found {_found(value)}")
            return []
        found: list[dict[str, Any]] = []
        for index, entry in enumerate(value):
            plugin = self.plugin(entry, kind, (*path, index))
            if plugin is None:
                continue
            name = plugin["name"]
            if kind != "estimator" and name in [other["name"] for other in found]:
                hint = "give this one a `name:` of its own"
                self.fault((*path, index), f"another {kind} is called '{name}' already; {hint}")
            found.append(plugin)
        return found

    def plugin(self, entry: object, kind: str, path: Path_) -> dict[str, Any] | None:
        """One entry, its parameters validated by the plug-in's own model."""
        if isinstance(entry, str):
            entry = {"use": entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("use"), str):
            self.fault(path, f"expected `use: <{kind}>`, found {_found(entry)}")
            return None
        parameters = {str(k): v for k, v in entry.items() if k not in ("use", "name")}
        own = {}
        if kind == "buyer" and "interface" in parameters:
            own["interfaces"] = self.interfaces(parameters.pop("interface"), (*path, "interface"))
        try:
            config = self.registries[kind].config(entry["use"])
        except SpecError as error:
            self.fault((*path, "use"), str(error))
            return None
        if "name" in config.model_fields:
            parameters["name"] = entry.get("name", entry["use"])
        valid = _validate(config, parameters, path, self.lines, self.faults)
        dumped = valid.model_dump(mode="json") if valid is not None else {}
        name = str(entry.get("name", entry["use"]))
        plugin = {"use": entry["use"], "name": name, "parameters": dumped, **own}
        if kind == "interface" and self._interfaces.setdefault(name, plugin) != plugin:
            self.fault(
                path, f"differs from another interface called '{name}'; `name:` it otherwise"
            )
        return plugin

    def fault(self, path: Path_, message: str) -> None:
        self.faults.append(f"{self.lines.where(path)}: {message}")


def _validate(
    model: type[BaseModel], data: dict[str, Any], path: Path_, lines: Lines, faults: list[str]
) -> BaseModel | None:
    """The validated model, or None with the faults added to the list."""
    try:
        return model(**data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if fault["type"] == "too_short" and faults:
                continue  # the list is empty because its entries are wrong, which is said already
            place = (*path, *_yaml_path(fault["loc"], data))
            faults.append(f"{lines.where(place)}: {_message(model, dict(fault))}")
        return None


def _yaml_path(loc: Path_, data: object) -> Path_:
    """A pydantic location without the union tags that do not stand in the YAML."""
    place: list[str | int] = []
    for part in loc:
        if isinstance(data, Mapping) and part not in data and part != loc[-1]:
            continue
        place.append(part)
        if isinstance(data, (Mapping, list)):
            try:
                data = data[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                data = None
    return tuple(place)


def _message(model: type[BaseModel], fault: dict[str, Any]) -> str:
    key = str(fault["loc"][-1]) if fault["loc"] else ""
    found = _found(fault.get("input"))
    match fault["type"]:
        case "extra_forbidden":
            known = _keys_at(model, fault["loc"][:-1])
            return f"unknown key '{key}'{nearest(key, known) if known else ''}"
        case "missing":
            return f"missing; `{key}:` is required"
        case "literal_error" | "enum":
            return f"found {found}; allowed: {fault['ctx']['expected']}"
        case "value_error":
            return str(fault["ctx"]["error"])
        case _:
            return f"{fault['msg'].replace('Input should', 'should', 1)}, found {found}"


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _keys_at(model: type[BaseModel], loc: Path_) -> list[str]:
    """The keys allowed at a location inside a model."""
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue  # an entry of a list, whose model was found with the list
        if isinstance(current, type) and issubclass(current, BaseModel):
            info = current.model_fields.get(str(part))
            current = _inner_model(info.annotation) if info else None
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [name for name in current.model_fields if name != "interfaces"]
    return []


def _inner_model(annotation: Any) -> Any:  # noqa: ANN401
    """The model inside `Model`, `Model | None`, `tuple[Model, ...]`, or None."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for part in typing.get_args(annotation):
        inner = _inner_model(part)
        if inner is not None:
            return inner
    return None
