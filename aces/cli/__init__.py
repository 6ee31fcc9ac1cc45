"""The command line: the composition root that knows every room, and that nothing imports.

Commands import what they need when they are called, so that `aces --help` is instant.
"""

import sys
from functools import cache
from pathlib import Path

import typer

from aces.cli.siblings import check_siblings
from aces.errors import AcesError

app = typer.Typer(
    name="aces",
    help="A laboratory for agentic commerce: what AI buyers buy, and what causes the choice.",
    epilog="Start with: aces init my-experiment",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cache
def _register() -> None:
    """Adds the commands, in the order in which one meets them."""
    from aces.cli import catalog, doctor, experiments, people, results, runs, serving, shop

    for module in (experiments, runs, people, results, shop, serving, doctor):
        module.register(app)
    app.add_typer(catalog.app, name="catalog")


def main() -> None:
    """Runs the command line; users' mistakes are one message and a status, never a traceback."""
    try:
        check_siblings()
        sys.path.append(str(Path.cwd()))  # for plug-ins of one's own, `module:Class`
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
