"""Marks that stand in a listing's own words need such words to stand in."""

from collections.abc import Iterable, Mapping

from aces import design
from aces.catalog import Catalog
from aces.errors import SpecError
from aces.spec import ExperimentSpec
from aces.types import Mark

_NEEDED = {"review": "no written review", "alt": "no picture"}


def check_places(
    spec: ExperimentSpec,
    declarations: Mapping[str, design.Declaration],
    catalog: Catalog,
    shown: Iterable[str],
) -> None:
    """Refuses marks in reviews or alternative texts of products that have none.

    Raises:
        SpecError: Naming the line.
    """
    ids = list(shown)
    for index, declaration in enumerate(declarations.values()):
        marks: list[Mark] = declaration.marks_named() if hasattr(declaration, "marks_named") else []
        for mark in marks:
            lacking = next((id for id in ids if _lacks(catalog, id, mark.place)), None)
            if lacking is not None:
                raise SpecError(
                    f"{spec.where('treatments', index)}: '{mark.kind}' stands in `{mark.place}`, "
                    f"and '{lacking}' has {_NEEDED[mark.place]} to carry it; choose another "
                    "`place:`"
                )


def _lacks(catalog: Catalog, product_id: str, place: str) -> bool:
    if place == "review":
        return not catalog.products[product_id].reviews
    return place == "alt" and not catalog.listings[product_id].pictures
