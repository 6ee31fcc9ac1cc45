"""Fees that are told at the checkout need buyers that see a checkout."""

from collections.abc import Mapping

from aces import design
from aces.errors import SpecError
from aces.spec import ExperimentSpec


def check_late_fees(spec: ExperimentSpec, declarations: Mapping[str, design.Declaration]) -> None:
    """Refuses a fee told at the checkout where a buyer's one decision is carried through to it.

    Raises:
        SpecError: Naming the line.
    """
    late = [index for index, entry in enumerate(declarations.values()) if _tells_late(entry)]
    if not late:
        return
    for buyer in spec.buyers:
        for face in spec.buyer_interfaces(buyer):
            if face.parameters.get("mode") == "one_decision":
                raise SpecError(
                    f"{spec.where('treatments', late[0])}: fees are told at the checkout, and "
                    f"'{buyer.name}' never sees one: interface '{face.name}' carries its one "
                    "decision through to the order; give that interface `mode: browse`"
                )


def _tells_late(declaration: design.Declaration) -> bool:
    if isinstance(declaration, design.Fees):
        return "checkout" in declaration.told
    return isinstance(declaration, design.Versions) and any(
        version.settings.get("fee_told") == "checkout" for version in declaration.versions
    )
