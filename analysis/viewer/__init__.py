"""The viewer: one HTML file in which one steps through the trials of a run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.viewer.page import write_viewer as write_viewer

__all__ = ["write_viewer"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports `write_viewer` when it is first asked for."""
    if name != "write_viewer":
        raise AttributeError(f"module 'analysis.viewer' has no attribute '{name}'")
    from analysis.viewer.page import write_viewer

    return write_viewer
