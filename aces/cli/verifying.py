"""`aces run --verify`: stored pages rendered again, and models asked again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aces.cli.console import console, next_step, say, show_table
from aces.errors import UserError

if TYPE_CHECKING:
    from aces.spec import Plugin
    from aces.store import RunStore
    from experiments.again import Asked, Repeat


def verify_run(folder: Path, number: int) -> None:
    """Goes through stored trials again; exits with 1 where a page is not what it was.

    What a model answers may differ: how often it does is a result, not a fault.
    """
    from aces.store import RunStore

    with RunStore.open(folder) as store:
        differing = _render(store, number)
        if any("model" in buyer["parameters"] for buyer in store.meta("spec")["buyers"]):
            _ask(store, number)
    if differing:
        next_step(f"aces show {folder} {differing} --html")
        raise typer.Exit(1)


def _render(store: "RunStore", number: int) -> str:
    """Renders trials again from what is stored; returns the first that differs, or nothing."""
    import asyncio

    from experiments.replay import verify

    replays = asyncio.run(verify(store, number))
    pages = sum(replay.steps for replay in replays)
    differing = [replay for replay in replays if replay.differing]
    say(f"rendered {len(replays)} trials again: {pages} pages, {len(differing)} trials differ")
    for replay in differing[:5]:
        console.print(f"[red]{replay.trial_id}[/] step {replay.differing}: another {replay.what}")
    if not differing:
        return ""
    console.print(
        "a changed browser, font or version of ACES renders other bytes: manifest.json says "
        "what the run was made with"
    )
    return differing[0].trial_id


def _ask(store: "RunStore", number: int) -> None:
    """Asks the models of the same trials again, and says how many came out the same."""
    from experiments.again import ask_again

    try:
        asked = ask_again(store, number, say)
    except UserError as error:
        console.print("[yellow]note:[/] models were not asked again:", soft_wrap=True)
        console.print(str(error), markup=False, soft_wrap=True)
        return
    same = sum(repeat.same for repeat in asked.repeats)
    total = len(asked.repeats)
    say(f"asked {total} trials' models again: {same} of {total} came out the same")
    for repeat in [each for each in asked.repeats if not each.same][:5]:
        say(f"  {repeat.trial_id} {repeat.buyer}: {_told(repeat.before)}, now {_told(repeat.now)}")
    _show_settings(store, asked)


def _told(outcome: tuple[str, str, str]) -> str:
    return " ".join(filter(None, outcome))


def _show_settings(store: "RunStore", asked: "Asked") -> None:
    """What decides whether an answer can come out the same, by buyer."""
    from aces.spec import Plugin

    plugins = {b["name"]: Plugin.model_validate(b) for b in store.meta("spec")["buyers"]}
    rows = [
        (
            name,
            _same([r for r in asked.repeats if r.buyer == name]),
            connection.speech,
            *_settings(plugins[name], dict(connection.abilities.served)),
        )
        for name, connection in asked.connections.items()
    ]
    heads = ("buyer", "same", "speech", "temperature", "seed", "batch invariance", "served")
    show_table(heads, rows)


def _same(repeats: Sequence["Repeat"]) -> str:
    return f"{sum(repeat.same for repeat in repeats)} of {len(repeats)}"


def _settings(plugin: "Plugin", served: dict[str, Any]) -> tuple[str, str, str, str]:
    """Temperature, seed, batch invariance, and all else that is known of how it is served."""
    sampling = plugin.parameters.get("sampling") or {}
    arguments = list(plugin.parameters.get("arguments") or ())
    invariant = "unknown"  # a server elsewhere does not tell
    if plugin.parameters.get("serve"):
        invariant = "on" if "--batch-invariant" in arguments else "off"
    told = [f"{key}={json.dumps(value)}" for key, value in served.items()]
    facts = " ".join([*arguments, *told])
    return str(sampling.get("temperature")), str(sampling.get("seed")), invariant, facts
