"""The report: one HTML file, no network, opens anywhere and prints."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.report.page import write_report as write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports `write_report` when it is first asked for."""
    if name != "write_report":
        raise AttributeError(f"module 'analysis.report' has no attribute '{name}'")
    from analysis.report.page import write_report

    return write_report
