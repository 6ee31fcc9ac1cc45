"""The command line: the composition root that knows every room, and that nothing imports.

Commands import what they need when they are called, so that `aces --help` is instant.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from aces.errors import AcesError

SIBLINGS = ("marketplace", "agents", "experiments", "analysis")

app = typer.Typer(
    name="aces",
    help="A laboratory for agentic commerce: what AI buyers buy, and what causes the choice.",
    epilog="Start with: aces init my-experiment",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


def _register() -> None:
    """Adds the commands, in the order in which one meets them."""
    from aces.cli import catalog, doctor, experiments, results, runs, shop

    for module in (experiments, runs, results, shop, doctor):
        module.register(app)
    app.add_typer(catalog.app, name="catalog")


def main() -> None:
    """Runs the command line; users' mistakes are one message and a status, never a traceback."""
    try:
        check_siblings()
        _register()
        app()
    except ImportError as error:
        if "Another distribution" not in str(error):
            raise
        _complain(str(error))
        sys.exit(1)
    except AcesError as error:
        _complain(str(error))
        sys.exit(error.exit_status)
    except SystemExit as end:
        if end.code == 130:  # typer has turned Ctrl-C into this, without a word
            _complain("interrupted. What a run has finished is stored: the same command goes on")
        raise
    except BrokenPipeError:
        sys.exit(0)


def _complain(message: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text("error: ", style="bold red") + Text(message))
