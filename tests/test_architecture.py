"""The walls of the house, and the rules of its style that no linter knows."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from aces.catalog import IMPORTERS
from aces.cli.console import registries

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("aces", "marketplace", "agents", "experiments", "analysis")
FILES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
HEAVY = {
    *("torch", "vllm", "ray", "transformers", "statsmodels", "pyfixest", "pandas", "scipy"),
    *("matplotlib", "playwright", "openai", "flask", "pyarrow", "formulaic", "resvg_py", "PIL"),
    *("lxml", "jinja2", "numpy"),
}


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path):
    return str(path.relative_to(ROOT))


def python(code, *, path=(), **env):
    """Runs code in a fresh interpreter."""
    search = os.pathsep.join(map(str, [*path, ROOT]))
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd="/",
        env={**os.environ, "PYTHONPATH": search, **env},
        capture_output=True,
        text=True,
        check=False,
    )


# -- walls ----------------------------------------------------------------------------------


def test_the_contracts_of_the_import_linter_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "3 kept, 0 broken" in done.stdout


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def test_the_walls_stand_without_the_linter_too(graph):
    allowed = {
        "aces": set(),
        "agents": {"aces"},
        "marketplace": {"aces"},
        "analysis": {"aces"},
        "experiments": {"aces", "agents", "marketplace"},
    }
    for module in graph.modules:
        package = module.partition(".")[0]
        if package not in allowed or module.startswith(("aces.cli", "aces.__main__")):
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            other = imported.partition(".")[0]
            legal = other not in PACKAGES or other == package or other in allowed[package]
            assert legal, f"{module} imports {imported}"
            assert package == "aces" or not imported.startswith("aces.cli"), module


def test_no_file_imports_itself_by_way_of_others(graph):
    ours = {module for module in graph.modules if module.partition(".")[0] in PACKAGES}
    # a package's __init__ is a file like any other; its children are not part of it
    imports = {
        module: [m for m in graph.find_modules_directly_imported_by(module) if m in ours]
        for module in ours
    }
    done: set[str] = set()

    def walk(module, trail):
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for imported in imports[module]:
                walk(imported, [*trail, module])
            done.add(module)

    for module in sorted(ours):
        walk(module, [])


DYNAMIC = {"__import__", "import_module", "exec", "eval", "exec_module", "spec_from_file_location"}


def test_only_the_registry_imports_by_name():
    for path in FILES:
        if name(path) in ("aces/registry.py", "analysis/__init__.py"):  # the latter its own files
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                own = isinstance(node.func, ast.Name) or called not in ("eval", "exec")
                assert not (own and called in DYNAMIC), f"{name(path)}:{node.lineno} {called}"


def test_registries_of_aces_reach_into_aces_only():
    assert IMPORTERS.package.startswith("aces.")
    homes = {kind: registry.package.partition(".")[0] for kind, registry in registries().items()}
    assert homes == {
        "buyer": "agents",
        "interface": "agents",
        "treatment": "marketplace",
        "ranker": "marketplace",
        "design": "experiments",
        "estimator": "analysis",
    }


def test_the_command_line_is_light():
    done = python(
        "import sys, aces.cli; aces.cli.check_siblings(); aces.cli._register();"
        f"print(*(m for m in {HEAVY} if m in sys.modules))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_another_package_called_agents_is_noticed(tmp_path):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").touch()
    done = python("from aces.cli import main; main()", path=[tmp_path])
    assert done.returncode == 1
    assert (
        f"the package 'agents' comes from {tmp_path}/agents, not from {ROOT}/agents" in done.stderr
    )
    assert "Another distribution installs a package of that name" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_heavy_is_asked_of_every_user():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = {text.split(">")[0].split("[")[0].strip().lower() for text in project["dependencies"]}
    assert not base & {"torch", "vllm", "ray", "transformers", "statsmodels", "pyfixest"}
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    assert {text.replace("_", "-") for text in base} <= pinned


def test_every_package_is_typed():
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


# -- style ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    assert path.stem not in ("utils", "core", "base", "helpers", "common")
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


def test_most_functions_are_very_short():
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[int(0.9 * len(lengths))] < 30


def test_nothing_prints_but_the_command_line():
    for path in FILES:
        if "aces/cli/" in name(path):
            continue
        calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
        printing = [c.lineno for c in calls if getattr(c.func, "id", "") in ("print", "breakpoint")]
        assert not printing, f"{name(path)}:{printing}"


def test_broad_excepts_stand_at_the_trial_boundary_only():
    broad = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type else "everything"
            reraises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if caught in ("Exception", "BaseException", "everything") and not reraises:
                broad.add(name(path))
    assert broad == {"experiments/trial.py"}


def plugins():
    kinds = {**registries(), "format": IMPORTERS}
    return [(kind, plugin) for kind, registry in kinds.items() for plugin in registry.names()]


@pytest.mark.parametrize(("kind", "plugin"), plugins(), ids=str)
def test_every_plug_in_is_described_configured_and_tested(kind, plugin):
    registry = {**registries(), "format": IMPORTERS}[kind]
    assert len(registry.summary(plugin)) > 20
    config = registry.config(plugin)
    assert config.model_config["extra"] == "forbid"
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    assert any(f'"{plugin}"' in t or f"use: {plugin}" in t or f"{plugin}:" in t for t in texts)


def test_every_module_says_what_it_is_for():
    missing = [name(path) for path in FILES if not ast.get_docstring(parsed(path))]
    assert missing == []
