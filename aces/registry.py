"""Plug-ins found by file name: adding one is adding one file, and only that file is imported."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel

from aces.errors import SpecError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """The plug-ins of one kind, each a class with parameters as a pydantic model named `Config`.

    Args:
        kind: What they are called in messages: `buyer`, `treatment`, ...
        package: Import path of the folder that holds them, one file each.
        suffix: What the class's name ends with; file `cheapest` holds `CheapestBuyer`.
    """

    def __init__(self, kind: str, package: str, suffix: str) -> None:
        self.kind = kind
        self.package = package
        self.suffix = suffix

    def names(self) -> list[str]:
        """Returns the names of the plug-ins in the folder, sorted, importing none of them."""
        folder = importlib.import_module(self.package)
        return sorted(
            module.name
            for module in pkgutil.iter_modules(folder.__path__)
            if not module.name.startswith("_")
        )

    def load(self, name: str) -> type[T]:
        """Returns the class called `name`, or the outside class `pkg.module:Class`.

        Raises:
            SpecError: If there is none of that name.
        """
        if ":" in name:
            return self._load_outside(name)
        if name not in self.names():
            raise SpecError(f"{self.kind} '{name}' is unknown{nearest(name, self.names())}")
        module = importlib.import_module(f"{self.package}.{name}")
        return self._class_in(module)

    def config(self, name: str) -> type[BaseModel]:
        """Returns the model of the plug-in's parameters."""
        return config_of(self.load(name))

    def build(self, name: str, parameters: dict[str, Any]) -> T:
        """Returns an instance made from validated parameters."""
        plugin: Any = self.load(name)
        config = config_of(plugin)(**parameters)
        return cast(T, plugin(config) if hasattr(plugin, "Config") else plugin())

    def summary(self, name: str) -> str:
        """Returns the first line of the plug-in's docstring."""
        return (inspect.getdoc(self.load(name)) or "").partition("\n")[0]

    def _load_outside(self, name: str) -> type[T]:
        module_name, _, class_name = name.partition(":")
        try:
            found = getattr(importlib.import_module(module_name), class_name)
        except (ImportError, AttributeError, TypeError, ValueError, SyntaxError) as error:
            raise SpecError(
                f"{self.kind} '{name}' can't be imported: {error}. "
                "Outside classes are written pkg.module:Class and must be importable from here."
            ) from error
        if not inspect.isclass(found):
            raise SpecError(f"{self.kind} '{name}' is no class, but {found!r}")
        return cast(type[T], found)

    def _class_in(self, module: ModuleType) -> type[T]:
        """The module's own class whose name ends with the registry's suffix."""
        found = [
            member
            for name, member in vars(module).items()
            if inspect.isclass(member)
            and member.__module__ == module.__name__
            and name.endswith(self.suffix)
            and not name.startswith("_")
        ]
        if len(found) != 1:
            raise SpecError(
                f"{module.__name__} should define one class named ...{self.suffix}; "
                f"it defines {len(found)}"
            )
        return cast(type[T], found[0])


def config_of(plugin: type) -> type[BaseModel]:
    """Returns the parameter model of a plug-in class, an empty one where it has none."""
    config = getattr(plugin, "Config", None)
    if config is None:
        from aces.types import Record

        return type("Config", (Record,), {"__doc__": "No parameters."})
    return config  # type: ignore[no-any-return]
