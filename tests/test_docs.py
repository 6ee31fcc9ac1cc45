"""What the documents tell people to type exists."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from aces import cli

ROOT = Path(__file__).resolve().parents[1]
PLACES = ["README.md", "CON*.md", "docs/**/*.md", "analysis/notebooks/*.py"]
DOCUMENTS = [path for place in PLACES for path in sorted(ROOT.glob(place))]


def commands():
    """Every line of a code block that starts with `aces` or `make`, with where it stands."""
    found = []
    for path in DOCUMENTS:
        for block in re.findall(r"^```\w*\n(.*?)^```", path.read_text(), re.M | re.S):
            for line in block.splitlines():
                words = line.removeprefix("$ ").partition(" #")[0].strip()
                if words.startswith(("aces ", "make ", ".venv/bin/aces ")):
                    found.append(pytest.param(words, id=f"{path.name}: {words}"))
    return found


@pytest.fixture(scope="module")
def aces():
    cli._register()
    return typer.main.get_command(cli.app)


def parse(command, words):
    """Reads the words as the command line would, running nothing."""
    group = command
    while hasattr(group, "commands"):
        name, *words = words
        assert name in group.commands, f"no command {name}"
        group = group.commands[name]
    group.make_context(group.name, list(words))


@pytest.mark.parametrize("words", commands())
def test_commands_in_the_documents_parse(aces, words):
    program, *rest = shlex.split(words)
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        assert all(word in targets for word in rest if "=" not in word)
    else:
        parse(aces, rest)


def test_a_command_that_does_not_exist_would_be_noticed(aces):
    for words in (["fly"], ["run", "x.yaml"], ["plan", "x.yaml", "--bogus"], ["catalog", "fly"]):
        with pytest.raises((AssertionError, Exception)):
            parse(aces, words)
    assert len(commands()) >= 10


def test_links_between_documents_lead_somewhere():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text()):
            if not re.match(r"\w+:", target):
                assert (path.parent / target).exists(), f"{path.name}: {target}"
