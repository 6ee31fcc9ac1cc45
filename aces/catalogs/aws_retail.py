"""The products of AWS's retail demo store: a list in YAML, with machine-written descriptions.

It has no ratings and no reviews, and its pictures are not in the repository: they are taken from
`images/<category>/` or the catalogue's own folder where they lie there. Products that only speech
assistants are shown (`where_visible: Alexa`) are left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import glance, listed, reading, text_of

NAMES = {"title": "name", "stock": "current_stock", "urls": "image", "attributes": "style, ..."}
GENDERS = {"F": "Women", "M": "Men"}


class AwsRetailImporter:
    """The AWS retail demo store: products.yaml, also packed, with id, name, current_stock, ..."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the first product has the demo store's columns."""
        if not path.name.endswith((".yaml", ".yml", ".yaml.gz", ".yml.gz")):
            return False
        start = glance(path)
        return "current_stock:" in start and "where_visible:" in start

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        import yaml

        intake = Intake(Format("aws-retail", NAMES), path.parent, self.options)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with reading(path):
            found = yaml.load(text_of(path, self.options.encoding), Loader=loader)
            rows = listed(found, intake.report)
            intake.take_all(rows, lambda where, row: _translated(intake, where, row))
        return intake.finish()


def _translated(intake: Intake, where: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row.get("where_visible", "UI") != "UI":
        reason = "is not where shoppers look; row left out"
        intake.report(where, "where_visible", row["where_visible"], reason, str(row.get("id")))
        return None
    department, style = (str(row.get(name) or "").capitalize() for name in ("category", "style"))
    gender = str(row.get("gender_affinity") or "")
    return {
        "id": row.get("id"),
        "category": [each for each in (department, style) if each],
        "title": row.get("name"),
        "description": row.get("description"),
        "price": row.get("price"),
        "stock": row.get("current_stock"),
        "attributes": {"style": style, "gender": GENDERS.get(gender, gender)},
        "urls": _pictures(intake.builder.folder, row),
    }


def _pictures(folder: Path, row: Mapping[str, Any]) -> list[str]:
    """The product's picture, where it lies near; its name alone is no address."""
    name = Path(str(row.get("image") or "")).name
    places = (f"images/{row.get('category')}/{name}", name)
    return [place for place in places if name and (folder / place).is_file()][:1]
