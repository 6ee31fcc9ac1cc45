"""Estimates that others published on real data, to the digits they printed."""

import gzip

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from analysis import ConditionalLogit


def long(frames):
    """One table of alternatives from a frame for each, which has one row per choice."""
    frames = [frame.assign(chid=np.arange(len(frame)), alt=name) for name, frame in frames.items()]
    return pd.concat(frames, ignore_index=True)


def swissmetro(data):
    raw = pd.read_csv(data / "choice-biogeme" / "swissmetro.dat", sep="\t")
    raw = raw[raw.PURPOSE.isin([1, 3]) & (raw.CHOICE != 0)]
    free = raw.GA == 0
    work = raw.SP != 0
    frames = {}
    for code, name, time, cost, available in [
        (1, "TRAIN", raw.TRAIN_TT, raw.TRAIN_CO * free, raw.TRAIN_AV * work),
        (2, "SM", raw.SM_TT, raw.SM_CO * free, raw.SM_AV),
        (3, "CAR", raw.CAR_TT, raw.CAR_CO, raw.CAR_AV * work),
    ]:
        frames[name] = pd.DataFrame({"time": time / 100, "cost": cost / 100})
        frames[name]["available"], frames[name]["chosen"] = available, raw.CHOICE.eq(code)
    table = long(frames)
    table["train"], table["car"] = table.alt == "TRAIN", table.alt == "CAR"
    return table[table.available == 1]


def heating(data):
    with gzip.open(data / "choice-choicelearn" / "heating_data.csv.gz") as file:
        raw = pd.read_csv(file)
    names = ["gc", "gr", "ec", "er", "hp"]
    return long(
        {
            name: pd.DataFrame(
                {"ic": raw[f"ic.{name}"], "oc": raw[f"oc.{name}"], "chosen": raw.depvar == name}
            )
            for name in names
        }
    )


def electricity(data):
    with gzip.open(data / "choice-choicelearn" / "electricity.csv.gz") as file:
        return pd.read_csv(file).rename(columns={"choice": "chosen"})


def yogurt(data):
    raw = pd.read_csv(data / "choice-logitr" / "yogurt_raw.csv")
    names = ["yoplait", "dannon", "hiland", "weight"]
    return long(
        {
            name: pd.DataFrame(
                {"price": raw[f"price.{name}"], "feat": raw[f"feat.{name}"],
                 "chosen": raw.choice == name}
            )
            for name in names
        }
    )  # fmt: skip


PUBLISHED = {
    "swissmetro": (swissmetro, "train + time + cost + car", None, 4, 3, 6768, -5331.252,
                   [-0.7012, -1.2779, -1.0838, -0.1546]),
    "heating": (heating, "ic + oc", None, 7, 3, 900, -1095.237, [-0.0062318, -0.0045800]),
    "electricity": (electricity, "pf + cl + loc + wk + tod + seas", None, 6, 3, 4308, -4958.649,
                    [-0.625228, -0.108299, 1.442243, 0.995504, -5.462759, -5.840031]),
    "yogurt": (yogurt, "price + feat", "alt", 6, 3, 2412, -2656.888, [-0.366584, 0.491433]),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_estimates(shared, name):
    read, terms, effects, digits, llf_digits, n, llf, params = PUBLISHED[name]
    table = read(shared / "data")
    result = ConditionalLogit.from_formula(
        f"chosen ~ {terms}", table, choice_set="chid", effects=effects
    ).fit("nonrobust")
    assert result.nobs == n
    assert_allclose(result.llf, llf, atol=10**-llf_digits)
    assert_allclose(result.params, params, atol=10**-digits)  # some prints are cut, not rounded
