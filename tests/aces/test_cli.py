"""The command line as a user meets it: every mistake is one message, and every end has a next."""

import re
import socket
import sys
from pathlib import Path

import pytest

import experiments
from aces import cli
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from agents.browser import find_chromium
from experiments.plan import make_plan

FOLDER = Path(experiments.__file__).parent / "configs"
CONFIGS = [path for path in sorted(FOLDER.rglob("*.yaml")) if not path.stem.startswith("init")]
COMMANDS = [
    ["init"],
    ["list"],
    ["plan"],
    ["try"],
    ["run"],
    ["status"],
    ["show"],
    ["analyze"],
    ["report"],
    ["export"],
    ["shop"],
    ["doctor"],
    ["people"],
    ["serve-model"],
    ["catalog", "import"],
    ["catalog", "show"],
]
EXPERIMENT = """\
name: mine
tasks:
  - {id: pens, category: stapler}
shelf: {size: 4, columns: 2}
treatments: [position, price]
buyers:
  - {use: utility, name: planted, coefficients: {row_1: 1, log_price: -1}}
interface: json
worlds_per_task: 4
"""


class Ended:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def aces(monkeypatch, tmp_path, capsys):
    """Runs a command in this process, in an empty folder with one experiment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "mine.yaml").write_text(EXPERIMENT)

    def aces(*arguments):
        monkeypatch.setattr(sys, "argv", ["aces", *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Ended(status, *capsys.readouterr())

    return aces


def edit(old, new):
    assert old in EXPERIMENT
    Path("mine.yaml").write_text(EXPERIMENT.replace(old, new))


def refused(ended, says, status=2):
    """One message on the error stream, with no traceback."""
    assert ended.status == status, ended.out + ended.err
    assert "Traceback" not in ended.err + ended.out
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", ended.err).split())
    assert re.search(says, text), text
    assert text.count("error: ") <= 1


# -- help -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_starts_with_the_command(aces, command):
    ended = aces(*command, "--help")
    assert ended.status == 0
    assert f"Example: aces {' '.join(command)}" in " ".join(ended.out.split())


def test_help_lists_every_command(aces):
    listed = aces("--help").out
    assert all(f" {command[0]} " in listed for command in COMMANDS)
    assert "aces init my-experiment" in listed


# -- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: mine", "nmae: mine", r"mine.yaml:1 nmae: unknown key 'nmae'; did you mean 'name'"),
        ("worlds_per_task: 4", "worlds_per_task: many", r"mine.yaml:9 worlds_per_task: .*'many'"),
        ("worlds_per_task: 4", "worlds_per_task: 0", r"greater than or equal to 1, found 0"),
        ("category: stapler", "category: staples", r":3 .*no category 'staples'; .*'stapler'"),
        ("size: 4", "size: 40", r":3 .*asks for 40 products, has 16"),
        ("use: utility", "use: utilty", r":7 .*buyer 'utilty' is unknown; did you mean 'utility'"),
        ("use: utility", "use: 'mine:Buyer'", r":7 .*can't be imported: No module named 'mine'"),
        ("interface: json", "interface: [json", r"mine.yaml:9: not valid YAML"),
        ("interface: json", "catalog: nowhere.csv", r"no catalogue at 'nowhere.csv'"),
        ("price]", "{use: price, sigma: 1000}]", r":5 .*less than or equal to 5"),
        ("price]", "{use: price, distribution: levels, factors: [1.0e+308]}]", r"equal to 1000"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_wrong_experiment(aces, command, old, new, says):
    edit(old, new)
    more = ["--out", "run"] if command == "run" else []
    refused(aces(command, "mine.yaml", *more), says)
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["plan", "none.yaml"], "none.yaml: no such file. `aces init NAME` writes one"),
        (["plan", "."], "can't be read"),
        (["plan"], "Missing argument"),
        (["plan", "mine.yaml", "--set", "seed"], "expected key=value"),
        (["plan", "mine.yaml", "--set", "sed=1"], "unknown key 'sed'; did you mean 'seed'"),
        (["run", "mine.yaml"], "Missing option '--out'"),
        (["run", "mine.yaml", "--out", "mine.yaml"], "mine.yaml: can't be written"),
        (["run", "mine.yaml", "--out", "run", "--max-failed", "few"], "expected a number or a sh"),
        (
            ["run", "mine.yaml", "--out", "run", "--workers", "0"],
            "'--workers': .*greater than or equal to 1",
        ),
        (["run", "mine.yaml", "--out", "run", "--executor", "ray"], "'ray' is not one of"),
        (["run", "mine.yaml", "--out", "run", "--buyers", "palnted"], "did you mean 'planted'"),
        (["run", "mine.yaml", "--out", "run", "--bogus"], "No such option: --bogus"),
        (["statsu", "run"], "No such command 'statsu'"),
        (["status", "."], "no run there .no run.sqlite.. `aces run EXPERIMENT.yaml --out .` makes"),
        (["show", "nowhere"], "nowhere: no run there"),
        (["analyze", "."], "no run there"),
        (["analyze", "nowhere"], "nowhere"),
        (["report", "nowhere"], "nowhere"),
        (["export", ".", "--out", "table.csv"], "no run there"),
        (["init", "mine"], "mine.yaml is there already"),
        (["init", "my mine"], "a name is a letter, then letters"),
        (["init", "1"], "a name is a letter"),
        (["init", "nowhere/mine"], "nowhere/mine.yaml can't be written: No such file or directory"),
        (["list", "buyer"], "aces list buyer: unknown; did you mean 'buyers'"),
        (["shop", "--locale", "xx-YY", "--port", "0"], "no locale 'xx-YY'"),
        (["shop", "--currency", "EUR", "--port", "0"], "needs --rate"),
        (["shop", "--marks", "nothing.yaml", "--port", "0"], "can't be read"),
        (["shop", "--catalog", "nowhere", "--port", "0"], "no catalogue at 'nowhere'"),
        (["shop", "--port", "99999"], "'--port': .*less than or equal to 65535"),
        (["catalog", "show", "nowhere"], "no catalogue at 'nowhere'"),
        (["catalog", "import", "demo", "--out", "x.doc"], "ends in none of .json, .csv, .parquet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command(aces, command, says):
    refused(aces(*command), says)


def test_an_empty_category(aces):
    Path("shop.csv").write_text("id,category,title,price\na,pen,A,1.00\n")
    plan = ["plan", "mine.yaml", "--set", "catalog=shop.csv"]
    refused(aces(*plan), "has no category 'stapler'. Known: pen")
    edit("category: stapler", "category: pen")
    refused(aces(*plan), "mine.yaml:3 .*asks for 4 products, has 1")
    Path("shop.csv").write_text("id,category,title,price\n")
    refused(aces(*plan), "no category 'pen'. Known: none|holds no product|no product")


def test_a_port_in_use(aces):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(aces("shop", "--port", port), rf"port {port} can't be used.*try `--port 0`")


@pytest.mark.parametrize("executor", ["inline", "local"])
def test_no_browser(aces, monkeypatch, tmp_path, executor):
    monkeypatch.setenv("ACES_CHROMIUM", str(tmp_path / "nowhere"))
    run = ["run", "mine.yaml", "--out", "run", "--set", "interface=html", "--executor", executor]
    refused(aces(*run, "--workers", "1"), r"ACES_CHROMIUM=.*nowhere: no such program", 1)
    if executor == "local":
        return
    refused(aces("try", "mine.yaml", "--set", "interface=html"), "no such program", 1)
    monkeypatch.delenv("ACES_CHROMIUM")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    refused(aces(*run), "No Chromium was found.*playwright install", 1)
    doctor = aces("doctor")
    assert doctor.status == 1
    assert re.search(r"missing *browser: No Chromium was found", doctor.out)
    # nothing was lost: with another interface the same folder is another experiment
    refused(aces("run", "mine.yaml", "--out", "run"), "holds a different experiment .interface")


# -- a whole session ------------------------------------------------------------------------


def next_of(ended):
    assert ended.status == 0, ended.err + ended.out
    assert ended.out.rstrip().splitlines()[-1].startswith("next: "), ended.out
    return ended.out.rstrip().splitlines()[-1].removeprefix("next: ")


def test_every_command_ends_with_the_next_one(aces):
    assert next_of(aces("init", "fresh")) == "aces plan fresh.yaml"
    assert next_of(aces("list")).startswith("aces list ")
    assert next_of(aces("list", "treatments")).startswith("aces init")
    assert next_of(aces("plan", "mine.yaml")) == "aces try mine.yaml"
    assert next_of(aces("try", "mine.yaml")) == "aces run mine.yaml --out runs/mine"
    run = ["run", "mine.yaml", "--out", "runs/mine", "--executor", "inline"]
    assert next_of(aces(*run)) == "aces analyze runs/mine"
    assert next_of(aces("status", "runs/mine")) == "aces analyze runs/mine"
    assert next_of(aces("show", "runs/mine")).startswith("aces show runs/mine ")
    assert next_of(aces("export", "runs/mine", "--out", "t.csv")).startswith("python")
    assert next_of(aces("catalog", "show", "demo")) == "aces shop --catalog demo"
    assert (
        next_of(aces("catalog", "import", "demo", "--out", "x.json")) == "aces catalog show x.json"
    )
    larger = aces(*run, "--set", "worlds_per_task=6")
    assert "6" in larger.out
    refused(aces(*run), "can only grow")
    refused(aces("show", "runs/mine", "zzz"), "no finished trial 'zzz'")


def test_show_tells_what_was_seen_done_and_bought(aces):
    aces("run", "mine.yaml", "--out", "run", "--executor", "inline")
    shown = aces("show", "run").out
    for part in (
        '"results"',
        "into the cart",
        "chosen",
        "cart_add",
        "order",
        "planted through json",
    ):
        assert part in shown


def test_plan_prints_json_for_programs(aces):
    import json

    facts = json.loads(aces("plan", "mine.yaml", "--json").out)
    assert facts["size"]["trials"] == 4
    assert [row[0] for row in facts["precision"][0]["rows"]] == ["row_1", "col_1", "log_price"]


def test_a_buyer_of_one_s_own_is_found_beside_the_experiment(aces):
    Path("my_buyer_here.py").write_text(
        "from agents.buyers.first import FirstBuyer\nclass Mine(FirstBuyer):\n    'Mine.'\n"
    )
    edit("- {use: utility,", "- {use: 'my_buyer_here:Mine', name: own}\n  - {use: utility,")
    ended = aces("run", "mine.yaml", "--out", "run", "--workers", "1")
    assert ended.status == 0, ended.err
    assert "8/8" in ended.out


# -- what ships -----------------------------------------------------------------------------


@pytest.mark.parametrize("full", [[], ["--full"]], ids=["short", "full"])
def test_what_init_writes_is_valid(aces, full):
    assert aces("init", "fresh", *full).status == 0
    assert aces("plan", "fresh.yaml").status == 0
    assert "NAME" not in Path("fresh.yaml").read_text()
    assert aces("try", "fresh.yaml", "--set", "interface=json").status == 0


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_validates_and_plans(path):
    spec = read_experiment(path)
    if path.stem in ("abxlab-pairs", "aces-replay"):  # planned in tests/e2e/test_given_shelves.py
        pytest.skip("on data of the user's own")
    plan = make_plan(spec, load_catalog(spec.catalog, spec.folder))
    worlds = plan.draw_cells([(task.id, 0) for task in spec.tasks])
    assert all(plan.world(world).listings for world in worlds)
    assert list(plan.trials(worlds, 0, 0))


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`")
@pytest.mark.browser
def test_the_doctor_finds_everything_here(aces):
    ended = aces("doctor")
    assert ended.status == 0, ended.out
    assert re.search(r"ok *browser: .*version \d+", ended.out)
