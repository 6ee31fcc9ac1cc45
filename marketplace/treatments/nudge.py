"""Short persuasive texts on one listing of the shelf, the user's own or from a file."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from string import Template

from pydantic import Field

from aces.catalog import Catalog
from aces.design import Declaration, Nudge, Nudges
from aces.types import Mark, Record

Read = Callable[[str, Sequence[str]], Sequence[Mapping[str, str]]]
COLUMNS = ("Nudge", "Intervention")
"""Of a file of texts: its kind, and what is said."""


class NudgeTreatment:
    """One listing of a shelf carries one of several texts; as ABxLab nudges one of two products."""

    class Config(Record):
        """Parameters."""

        texts: dict[str, tuple[str, ...]] = Field(default={})
        """Kind -> texts; `${category}` stands for the product's category."""
        file: str = ""
        """CSV with the columns `Nudge` (kind) and `Intervention` (text), as ABxLab's
        interventions.csv; looked for from here, beside the experiment and beside the catalogue."""
        kinds: tuple[str, ...] = ()
        """Only texts of these kinds: `authority`, `social_proof`; all where not given."""
        variables: dict[str, str] = Field(default={})
        """What `${...}` in a text stands for; may say `${category}` itself."""
        nobody: float = Field(default=1 / 3, ge=0, lt=1)
        """Share of worlds where no listing carries a text. ABxLab: one of three."""
        look: str = "nudge"
        place: str = "title"

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw where no file and no catalogue is needed."""
        return self.declare_from(Catalog("none", "USD", {}, {}), (), lambda name, columns: ())

    def declare_from(self, catalog: Catalog, ids: Sequence[str], read: Read) -> Declaration:
        """Returns the draw.

        Args:
            catalog: Whose categories texts may name.
            ids: The products that may be shown.
            read: Returns the rows of a file with these columns.

        Raises:
            ValueError: If there is no text, or one has a variable that nothing stands for.
        """
        names = {id: catalog.title(catalog.products[id].category).lower() for id in ids}
        nudges = [
            self._nudge(kind, text, number, names)
            for kind, texts in self._texts(read).items()
            for number, text in enumerate(texts, start=1)
        ]
        if not nudges:
            raise ValueError("there is no text: give `texts:` or `file:`")
        return Nudges(nudges=tuple(nudges), nobody=self.config.nobody)

    def _texts(self, read: Read) -> dict[str, list[str]]:
        """Kind -> texts, of those that are wanted."""
        found: dict[str, list[str]] = {}
        for kind, text in self._all(read):
            found.setdefault(_slug(kind), []).append(text)
        for kind in self.config.kinds:
            if kind not in found:
                raise ValueError(f"no text is of kind '{kind}'; found {', '.join(found)}")
        return {kind: found[kind] for kind in self.config.kinds or found}

    def _all(self, read: Read) -> Iterator[tuple[str, str]]:
        for kind, texts in self.config.texts.items():
            yield from ((kind, text) for text in texts)
        if self.config.file:
            for row in read(self.config.file, COLUMNS):
                yield row["Nudge"], " ".join(row["Intervention"].split())

    def _nudge(self, kind: str, text: str, number: int, names: Mapping[str, str]) -> Nudge:
        said = self._filled(text, self.config.variables)
        by_product = {}
        if "${category}" in said:
            by_product = {id: self._filled(said, {"category": name}) for id, name in names.items()}
        elif "${" in said:
            unknown = said.partition("${")[2].partition("}")[0]
            raise ValueError(f"'{text}': give `variables: {{{unknown}: ...}}`")
        mark = Mark(kind=kind, text=said, look=self.config.look, place=self.config.place)
        return Nudge(name=f"{kind}_{number}", mark=mark, by_product=by_product)

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        return Template(text).safe_substitute(values)


def _slug(kind: str) -> str:
    return re.sub(r"\W+", "_", kind.strip()).lower()
