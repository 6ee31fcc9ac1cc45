"""Every kind of mistake in an experiment file is named with its line and a way out of it."""

import re

import pytest

from aces.cli.console import registries
from aces.errors import SpecError
from aces.spec import ExperimentSpec, load_spec

GOOD = """\
name: trial
seed: 3
catalog: demo
tasks:
  - {id: watch, category: fitness_watch}
  - {id: pen, category: stapler, query: red stapler}
shelf: {size: 4, columns: 2}
treatments:
  - {use: position}
  - {use: price, sigma: 0.2}
buyers:
  - use: utility
    name: planted
    coefficients: {row_1: 0.9}
  - random
interface: [json, html]
worlds_per_task: 5
"""


@pytest.fixture
def load(tmp_path):
    def load(text, **overrides):
        path = tmp_path / "exp.yaml"
        path.write_text(text, encoding="utf-8")
        return load_spec(path, registries(), overrides)

    return load


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


def test_defaults_are_filled_in(load):
    spec = load(GOOD)
    assert [task.query for task in spec.tasks] == ["fitness watch", "red stapler"]
    assert [buyer.name for buyer in spec.buyers] == ["planted", "random"]
    assert [face.name for face in spec.interfaces] == ["json", "html"]
    assert spec.treatments[1].parameters["sigma"] == 0.2
    assert spec.treatments[1].parameters["distribution"] == "lognormal"
    assert spec.design.use == "independent"
    assert (spec.repeats, spec.max_steps, spec.shelf.sample, spec.analysis) == (1, 15, False, ())
    assert (spec.shelf.viewport.width, spec.shelf.viewport.height) == (1280, 1080)
    assert spec.folder is not None
    again = ExperimentSpec.model_validate_json(spec.model_dump_json())
    assert again.model_dump() == spec.model_dump()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("seed: 3", "sede: 3", 2, "unknown key 'sede'; did you mean 'seed'?"),
        ("seed: 3", "seed: three", 2, "valid integer.*'three'"),
        ("seed: 3", "seed: 3\nseed: 4", 3, "given twice, first on 2"),
        ("seed: 3", "1: 3", 2, "'1' is no word"),
        ("seed: 3", "on: 3", 2, "'on' is no word"),
        ("seed: 3", "seed: [3", 3, "not valid YAML"),
        ("name: trial", "name: my trial", 1, "pattern.*'my trial'"),
        ("name: trial\n", "", 0, "name: missing; `name:` is required"),
        ("id: watch,", "id: a/b,", 5, "tasks[0].id: .*pattern"),
        ("id: watch,", "id: pen,", 6, "another task is called 'pen'"),
        ("category: fitness_watch", "kategory: x", 5, "did you mean 'category'"),
        ("  - {id: watch, category: fitness_watch}", "  - watch", 5, "tasks[0].*'watch'"),
        ("size: 4", "size: 1", 7, "shelf.size: .*greater than or equal to 2, found 1"),
        ("size: 4", "size: 4, ranker: fixd", 7, "ranker 'fixd' is unknown; did you mean 'fixed'"),
        ("size: 4", "size: 4, viewport: {widht: 3}", 7, "did you mean 'width'"),
        ("use: position", "use: positon", 9, "treatment 'positon' is unknown; did you mean 'posi"),
        ("use: position", "name: x", 9, "expected `use: <treatment>`"),
        ("use: position", "use: price", 10, "another treatment is called 'price'"),
        ("sigma: 0.2", "sgima: 0.2", 10, "treatments[1].sgima: unknown key.*'sigma'"),
        ("sigma: 0.2", "sigma: -1", 10, "treatments[1].sigma: .*found -1"),
        ("sigma: 0.2", "sigma: .nan", 10, "finite number, found nan"),
        ("sigma: 0.2", "distribution: cauchy", 10, "found 'cauchy'; allowed: 'lognormal'"),
        ("row_1: 0.9", "row_1: high", 14, "row_1: .*'high'"),
        ("row_1: 0.9", "row_1: .inf", 14, "row_1: .*finite"),
        ("  - random", "  - rnadom", 15, "buyers[1].use: buyer 'rnadom' is unknown; did you m"),
        ("  - random", "  - utility", 0, ""),
        ("  - random", "  - {use: random, name: planted}", 15, "another buyer is called 'planted'"),
        ("  - random", "  - {use: random, interface: jsn}", 15, "did you mean 'json'"),
        (
            "  - random",
            "  - {use: random, interface: {use: json, mode: browse}}",
            15,
            "differs from another interface called 'json'",
        ),
        ("  - random", "  - {use: random, interface: [json, json]}", 15, "another interface is"),
        ("  - random", "  - {use: 'nowhere.at_all:Buyer'}", 15, "can't be imported: No module"),
        ("  - random", "  - {use: 'json:dumps'}", 15, "is no class"),
        ("  - random", "  - {use: 'json:'}", 15, "can't be imported"),
        ("  - random", "  - {use: ':x'}", 15, "can't be imported"),
        ("[json, html]", "[json, htlm]", 16, "interface 'htlm' is unknown; did you mean 'html'"),
        ("interface: [", "interfaces: [", 16, "write `interface:`"),
        ("worlds_per_task: 5", "worlds_per_task: 0", 17, "greater than or equal to 1, found 0"),
        ("worlds_per_task: 5", "worlds_per_task: 1.5", 17, "found 1.5"),
        ("worlds_per_task: 5", "", 0, "worlds_per_task: missing"),
        ("  - {use: position}\n", "", 0, ""),
        ("interface: [json, html]", "design: latin", 16, "design 'latin' is unknown"),
        ("interface: [json, html]", "analysis: {use: x}", 16, "expected a list of estimators"),
        ("interface: [json, html]", "treatments: []", 16, "given twice, first on 8"),
    ],
)
def test_each_mistake_names_line_and_way_out(load, old, new, line, says):
    text = changed(old, new)
    if not says:
        load(text)
        return
    with pytest.raises(SpecError) as caught:
        load(text)
    message = str(caught.value)
    assert re.search(says.replace("[", r"\["), message), message
    place = rf"exp\.yaml:{line}\b" if line else r"exp\.yaml\b"
    assert re.search(place, message.splitlines()[0]), message


def test_all_mistakes_are_said_at_once_and_each_once(load):
    text = changed("seed: 3", "seed: x").replace("sigma: 0.2", "sgima: 1").replace("0.9", "y")
    with pytest.raises(SpecError) as caught:
        load(text)
    lines = str(caught.value).splitlines()
    assert [int(re.search(r":(\d+)", line)[1]) for line in lines] == [10, 14, 2]


@pytest.mark.parametrize(
    "text", ["", "just words", "- a\n- b", "null", "\x00", "name: \udcff".encode(errors="replace")]
)
def test_a_file_without_keys(tmp_path, text):
    path = tmp_path / "exp.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SpecError, match=r"exp\.yaml"):
        load_spec(path, registries())


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SpecError, match=r"no such file\. `aces init"):
        load_spec(tmp_path / "none.yaml", registries())
    with pytest.raises(SpecError, match="can't be read"):
        load_spec(tmp_path, registries())
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(SpecError, match="can't be read"):
        load_spec(tmp_path / "latin.yaml", registries())


def test_settings_override_by_dotted_key(load):
    spec = load(
        GOOD,
        **{
            "worlds_per_task": "50",
            "shelf.size": "6",
            "treatments.price.sigma": "0.5",
            "buyers.planted.coefficients.row_1": "-1",
            "tasks.pen.query": "blue stapler",
            "tasks.0.query": "watch",
            "interface": "aria",
            "max_steps": "3",
        },
    )
    assert (spec.worlds_per_task, spec.shelf.size, spec.max_steps) == (50, 6, 3)
    assert spec.treatments[1].parameters["sigma"] == 0.5
    assert spec.buyers[0].parameters["coefficients"] == {"row_1": -1}
    assert [task.query for task in spec.tasks] == ["watch", "blue stapler"]
    assert [face.use for face in spec.interfaces] == ["aria"]


def test_entries_are_found_by_name_beside_bare_ones(load):
    text = changed("  - random", "").replace("buyers:\n", "buyers:\n  - random\n")
    spec = load(text, **{"buyers.planted.noise": "independent"})
    assert spec.buyers[1].parameters["noise"] == "independent"


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("shlef.size", "4", "unknown key 'shlef'; did you mean 'shelf'"),
        ("shelf.szie", "4", "did you mean 'size'"),
        ("buyers.plnated.noise", "shared", "no entry 'plnated'; did you mean 'planted'"),
        ("buyers.7.noise", "shared", "no entry '7'"),
        ("buyers.random.leave", "true", "has no keys"),
        ("seed.x", "1", "has no keys"),
        ("seed", "[1", "not valid YAML"),
        ("seed", "many", "valid integer"),
    ],
)
def test_wrong_settings(load, key, text, says):
    with pytest.raises(SpecError, match=says):
        load(GOOD, **{key: text})


@pytest.mark.parametrize(
    ("setting", "same"),
    [
        ({"worlds_per_task": "50"}, True),
        ({"analysis": "[{use: conditional_logit, terms: [row_1]}]"}, True),
        ({"seed": "4"}, False),
        ({"shelf.size": "6"}, False),
        ({"shelf.viewport": "{width: 900}"}, False),
        ({"treatments.price.sigma": "0.3"}, False),
        ({"buyers.planted.coefficients.row_1": "1"}, False),
        ({"tasks.pen.query": "x"}, False),
        ({"tasks.pen.requirements": "{max_price_cents: 5}"}, False),
        ({"max_steps": "3"}, False),
        ({"repeats": "2"}, False),
        ({"interface": "json"}, False),
    ],
)
def test_the_digest_changes_with_what_decides_which_trials_are_run(load, setting, same):
    assert (load(GOOD, **setting).digest == load(GOOD).digest) is same


def test_spelling_does_not_change_the_digest(load):
    spelled = changed("{use: position}", "position").replace("3\n", "3  # a comment\n")
    assert load(spelled).digest == load(GOOD).digest


@pytest.mark.parametrize(
    ("treatment", "says"),
    [
        ("{use: listing, name: x, arms: [{name: a, changes: {titel: A}}]}", "mean 'title'"),
        ("{use: listing, name: x, arms: [{name: a, changes: {price_cents: '12'}}]}", "valid int"),
        ("{use: listing, name: x, arms: [{name: a, changes: {rating: 7}}]}", "less than or equal"),
        ("{use: listing, name: x, arms: [{name: a, by_product: {p: {title: ''}}}]}", "at least 1"),
        ("{use: listing, name: x, arms: [{name: a, chnages: {}}]}", "mean 'changes'"),
        ("{use: listing, name: stock, arms: [{name: a}]}", "'stock' is a column already"),
        ("{use: listing, name: sponsored, arms: [{name: a}]}", "is a column already"),
        ("{use: listing, name: a b, arms: [{name: a}]}", "pattern"),
        ("{use: badges, tags: [{level: best_sellr}]}", "did you mean 'best_seller'"),
        ("{use: badges, tags: [{level: scarcity}]}", "scarcity shows only with"),
        ("{use: badges, tags: [{level: scarcity, also: {stock: [9]}}]}", "scarcity shows only"),
        ("{use: badges, tags: [{level: sponsored, also: {stok: [9]}}]}", "listing's field"),
        ("{use: badges, tags: []}", "at least 1"),
        ("{use: rating, fixed: {p: 5.1}}", "less than or equal to 5"),
    ],
)
def test_treatments_refuse_what_would_not_show(load, treatment, says):
    with pytest.raises(SpecError, match=says):
        load(changed("{use: position}", treatment))
