"""Are the other four packages ours? Several projects install a top-level `agents`."""

from importlib.util import find_spec
from pathlib import Path

SIBLINGS = ("marketplace", "agents", "experiments", "analysis")


def check_siblings() -> None:
    """Makes sure that the four sibling packages are ours.

    Raises:
        ImportError: If another distribution's package of the same name comes first; several
            projects install a top-level `agents`.
    """
    root = Path(__file__).resolve().parent.parent.parent
    for name in SIBLINGS:
        spec = find_spec(name)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if found != root / name:
            raise ImportError(
                f"the package '{name}' comes from {found or 'nowhere'}, not from {root / name}. "
                "Another distribution installs a package of that name; use an environment of "
                "ACES's own (`make setup` makes .venv), or uninstall the other"
            )
