"""Prompts and personas: where their texts come from, and how an errand is put into words."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from aces.errors import SpecError, nearest
from aces.types import Factor, Record, Task

SHIPPED = Path(__file__).parent / "prompts"
DEFAULT_PROMPT = "shopper"
PARAPHRASES = "paraphrases"
PERSONAS = "personas"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NEEDED = ("query", "requirements", "acting")
_KNOWN = (*_NEEDED, "persona")
_PARTS = re.compile(r"^# (system|instruction)[ \t]*$", re.IGNORECASE | re.MULTILINE)


class Wordings(Record):
    """Texts by name, in full: what a stored experiment holds."""

    texts: Mapping[str, str] = Field(min_length=1)
    drawn: bool = False
    """Whether each world gets one of them at random; otherwise it meets each of them."""

    def factor(self) -> Factor:
        """Returns the names as levels."""
        return Factor(levels=tuple(self.texts), drawn=self.drawn)


class Draw(Record):
    """One of these for each world, at random."""

    draw: Sequence[str] | Mapping[str, str] | str


Source = Wordings | Draw | Mapping[str, str] | Sequence[str] | str
"""As written in an experiment: a text or file, a list of them, names with texts, or a draw."""


class Prompt(Record):
    """A wording, taken apart."""

    system: str
    instruction: str

    @classmethod
    def parse(cls, text: str, name: str) -> "Prompt":
        """Returns the parts of a prompt's text.

        Raises:
            SpecError: If a part is missing, or a placeholder is missing or unknown.
        """
        pieces = _PARTS.split(text.strip())
        parts = {
            title.lower(): body.strip()
            for title, body in zip(pieces[1::2], pieces[2::2], strict=True)
        }
        if pieces[0] or set(parts) != {"system", "instruction"} or len(pieces) != 5:
            raise SpecError(
                f"prompt '{name}': expected two parts, headed `# System` and `# Instruction`"
            )
        found = set(_PLACEHOLDER.findall(text))
        for unknown in sorted(found - set(_KNOWN)):
            raise SpecError(f"prompt '{name}': {{{unknown}}} is unknown{nearest(unknown, _KNOWN)}")
        for missing in (each for each in _NEEDED if each not in found):
            raise SpecError(f"prompt '{name}': {{{missing}}} is missing")
        return cls(**parts)

    def render(self, task: Task, *, persona: str, acting: str, currency: str) -> "Prompt":
        """Returns the texts with the errand filled in; paragraphs left empty go.

        Args:
            task: The errand.
            persona: Who is shopping, in words; empty where nothing is said of it.
            acting: How to act, and what is shown.
            currency: Of the shop's prices.
        """
        values = {
            "query": task.query or task.category.replace("_", " "),
            "requirements": requirements_text(task, currency),
            "persona": persona.strip(),
            "acting": acting,
        }
        return Prompt(
            system=_filled(self.system, values), instruction=_filled(self.instruction, values)
        )


def _filled(text: str, values: Mapping[str, str]) -> str:
    filled = _PLACEHOLDER.sub(lambda found: values[found[1]], text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", filled)).strip()


def requirements_text(task: Task, currency: str) -> str:
    """Returns what the shopper insists on, in sentences."""
    from babel.numbers import format_currency

    from aces.money import minor_digits

    asked, said = task.requirements, [task.instruction] if task.instruction else []
    if asked.max_price_cents is not None:
        amount = asked.max_price_cents / 10 ** minor_digits(currency)
        price = format_currency(amount, currency, locale="en_US")
        said.append(f"It must not cost more than {price}.")
    if asked.brand:
        said.append(f"The brand must be {asked.brand}.")
    said += [f"Its {name.replace('_', ' ')} must be {v}." for name, v in asked.attributes.items()]
    return " ".join(said) or "Nothing else is required of it."


def text_hash(text: str) -> str:
    """Returns a short hash of a text, by which it is told from others."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def prompts(source: Source, folder: Path | None) -> Wordings:
    """Returns the prompts that an experiment names, read from their files and checked.

    Args:
        source: Names of shipped prompts, `paraphrases` for the shipped dozen, or paths.
        folder: That relative paths start from.

    Raises:
        SpecError: If one can't be read, or is no prompt.
    """
    found = _wordings(source, lambda word: _prompt(word, folder))
    for name, text in found.texts.items():
        Prompt.parse(text, name)
    return found


def personas(source: Source, folder: Path | None) -> Wordings:
    """Returns the personas that an experiment names.

    Args:
        source: Texts, names of shipped personas, `personas` for all of those, or the path of a
            CSV or YAML table with a column `name` and either `text` or any others.
        folder: That relative paths start from.

    Raises:
        SpecError: If a table can't be read.
    """
    return _wordings(source, lambda word: _persona(word, folder))


def _wordings(source: Source, read: Any) -> Wordings:  # noqa: ANN401
    if isinstance(source, Wordings):
        return source
    if isinstance(source, Draw):
        return _wordings(source.draw, read).model_copy(update={"drawn": True})
    if isinstance(source, Mapping):
        return Wordings(texts=dict(source))
    words = [source] if isinstance(source, str) else list(source)
    if not words:
        raise SpecError("expected at least one prompt or persona, found an empty list")
    pairs = [pair for word in words for pair in read(word)]
    names = [name for name, _ in pairs]
    if len(words) > 1:  # texts without a name of their own are numbered
        names = [name or f"persona-{i}" for i, name in enumerate(names, start=1)]
    names = [name or "persona" for name in names]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"'{name}' is given twice; names must differ")
    return Wordings(texts=dict(zip(names, (text for _, text in pairs), strict=True)))


def _prompt(word: str, folder: Path | None) -> list[tuple[str, str]]:
    if word == PARAPHRASES:
        files = sorted((SHIPPED / PARAPHRASES).glob("*.md"))
        return [(f"paraphrase-{file.stem}", _read(file)) for file in files]
    shipped = {file.stem: file for file in SHIPPED.glob("*.md")}
    if word in shipped:
        return [(word, _read(shipped[word]))]
    if Path(word).suffix not in (".md", ".txt"):
        hint = nearest(word, [*shipped, PARAPHRASES])
        raise SpecError(f"prompt '{word}' is unknown{hint}; a file's name ends with .md or .txt")
    file = (folder or Path()) / word
    return [(file.stem, _read(file))]


def _persona(word: str, folder: Path | None) -> list[tuple[str, str]]:
    shipped = dict(_table(SHIPPED / f"{PERSONAS}.yaml"))
    if word == PERSONAS:
        return list(shipped.items())
    if word in shipped:
        return [(word, shipped[word])]
    file = Path(word)
    if file.suffix in (".csv", ".yaml", ".yml") and " " not in file.suffix:
        return _table((folder or Path()) / file)
    return [("", word)]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{file}: can't be read: {error}") from error


def _table(file: Path) -> list[tuple[str, str]]:
    """Name and text of each row of a table of personas."""
    rows = list(_rows(file))
    if not rows or not all(isinstance(row, Mapping) and row.get("name") for row in rows):
        raise SpecError(f"{file}: expected rows with a `name`, and `text` or other columns")
    return [(str(row["name"]), persona_text(row)) for row in rows]


def _rows(file: Path) -> Iterable[Mapping[str, Any]]:
    import csv
    import io

    import yaml

    text = _read(file)
    if file.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(f"{file}: {error}") from error
    if isinstance(found, Mapping):
        return [
            {"name": name, **(row if isinstance(row, Mapping) else {"text": row})}
            for name, row in found.items()
        ]
    return found if isinstance(found, list) else []


def persona_text(row: Mapping[str, Any]) -> str:
    """Returns a row of a table of personas in words: `text`, or `who` and the other columns."""
    if row.get("text"):
        return str(row["text"]).strip()
    facts = [
        f"{name.replace('_', ' ').capitalize()}: {str(value).strip().rstrip('.')}."
        for name, value in row.items()
        if name not in ("name", "who") and value
    ]
    who = [str(row["who"]).strip().rstrip(".") + "."] if row.get("who") else []
    return " ".join([*who, *facts])
