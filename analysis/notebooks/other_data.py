# %% [markdown]
"""
# Choice data from elsewhere

The estimators of ACES take any long table of choices: surveys, shop logs, somebody else's
experiment. Here it is Swissmetro, a stated-choice survey of 1998 that textbooks use: train, car,
or a new magnetic railway? The estimates are known, so that we can hold ours against them.

**The file is not part of ACES.** It is `swissmetro.dat`, public, in the repository of the package
biogeme (`michelbierlaire/biogeme`, `src/biogeme/data/data`). Say where yours is with the variable
`SWISSMETRO`, or put it beside this notebook. Without it the notebook draws choices from the
published model, in the same columns, so that every step can be followed; the last line of the
next cell says which you have.
"""

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import analysis
from aces.errors import EstimationError
from analysis import ConditionalLogit

PUBLISHED = {"train": -0.7012, "car": -0.1546, "time": -1.2779, "cost": -1.0838}


def drawn(people: int = 752, seed: int = 1) -> pd.DataFrame:
    """Choices drawn from the published model: nine of each person, in the file's columns."""
    random = np.random.default_rng(seed)
    n = 9 * people
    wide = pd.DataFrame({"ID": np.repeat(np.arange(people), 9), "PURPOSE": 1, "SP": 1})
    for mode in ("TRAIN", "SM", "CAR"):
        wide[f"{mode}_TT"] = random.lognormal(np.log(90 if mode == "SM" else 150), 0.4, n).round()
        wide[f"{mode}_CO"] = random.lognormal(np.log(90), 0.5, n).round()
    has_car, season = random.random(people) < 0.8, random.random(people) < 0.15
    wide = wide.assign(TRAIN_AV=1, SM_AV=1, CAR_AV=1 * np.repeat(has_car, 9))
    wide["GA"] = 1 * np.repeat(season, 9)
    utility = np.array([PUBLISHED["train"], 0, PUBLISHED["car"]]) + random.gumbel(size=(n, 3))
    for column, mode in enumerate(("TRAIN", "SM", "CAR")):
        cost = wide[f"{mode}_CO"] * (1 if mode == "CAR" else 1 - wide.GA)
        hundreds = PUBLISHED["time"] * wide[f"{mode}_TT"] + PUBLISHED["cost"] * cost
        utility[:, column] += np.where(wide[f"{mode}_AV"] == 1, hundreds / 100, -np.inf)
    return wide.assign(CHOICE=1 + utility.argmax(axis=1))


reference = Path(analysis.__file__).parents[2] / "shared" / "data" / "choice-biogeme"
named = os.environ.get("SWISSMETRO")
places = [Path(named)] if named else [Path("swissmetro.dat"), reference / "swissmetro.dat"]
file = next((place for place in places if place.is_file()), None)
wide = drawn() if file is None else pd.read_csv(file, sep="\t")
"drawn from the published model, NOT Swissmetro" if file is None else "Swissmetro"

# %% [markdown]
"""
## From wide to long

The file is *wide*: one row per choice, a set of columns for each alternative. Choice models want
it *long*: one row per alternative per choice. Three decisions stand in this cell, and they are
part of the model, as in every data set:

- which choices count: commuters and business trips, with an answer (as published);
- which alternatives were there: people without a car did not choose against it. An alternative
  that was not available is **no row**; it is not a row with a high price;
- what things cost: with a season ticket (`GA`) rail is free at the margin.

Time is in hundreds of minutes, cost in hundreds of francs.
"""

# %%
wide = wide[wide.PURPOSE.isin([1, 3]) & (wide.CHOICE != 0)].reset_index(drop=True)
parts = []
for code, mode in enumerate(("TRAIN", "SM", "CAR"), start=1):
    free = wide.GA if mode != "CAR" else 0
    part = pd.DataFrame({"trip": wide.index, "person": wide.ID, "mode": mode.lower()})
    part["time"] = wide[f"{mode}_TT"] / 100
    part["cost"] = wide[f"{mode}_CO"] * (1 - free) / 100
    part["chosen"] = wide.CHOICE.eq(code).astype(int)
    available = wide[f"{mode}_AV"] == 1 if mode == "SM" else (wide[f"{mode}_AV"] * wide.SP) == 1
    parts.append(part[available])
long = pd.concat(parts).sort_values(["trip", "mode"])
for mode in ("train", "car"):
    long[mode] = (long["mode"] == mode).astype(int)
long.groupby("mode").agg(
    offered=("trip", "size"), chosen=("chosen", "sum"), time=("time", "median")
)

# %% [markdown]
"""
## The published model

`train` and `car` are constants of two alternatives; the third, `sm`, is the baseline. The formula
has no intercept: what is the same for all alternatives of a choice can't matter to it.
"""

# %%
FORMULA = "chosen ~ train + car + time + cost"
by_trip = ConditionalLogit.from_formula(FORMULA, long, "trip").fit()
found = pd.DataFrame({"ours": by_trip.params, "published": PUBLISHED})
found.assign(difference=found.ours - found.published).round(4)

# %%
pd.Series({"log-likelihood": by_trip.llf, "published, Swissmetro": -5331.252}).round(3)

# %% [markdown]
"""
## Who is independent of whom?

Each person answered nine times, and a person who likes trains does so nine times. Answers of one
person are not nine pieces of evidence. Cluster by person, as you would by world in an experiment:
the estimates stay, the errors do not. (Where choices were drawn they stay too: there nobody has
tastes of their own.)
"""

# %%
by_person = ConditionalLogit.from_formula(FORMULA, long, "trip", cluster="person").fit()
errors = pd.DataFrame({"by choice": by_trip.bse, "by person": by_person.bse})
errors.assign(ratio=errors["by person"] / errors["by choice"]).round(3)

# %%
figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
for color, name, fit in (("C0", "choice", by_trip), ("C1", "person", by_person)):
    table, rows = fit.table(), np.arange(4) + (0.12 if name == "person" else -0.12)
    axis.hlines(rows, table.ci_low, table.ci_high, color=color)
    axis.plot(table.estimate, rows, "o", color=color, label=f"errors by {name}")
axis.set_yticks(range(4), by_trip.params.index)
axis.invert_yaxis()
axis.set_xlabel("coefficient, 95 % interval")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
## What time is worth

The ratio of time to cost is francs per minute. `compensating_price_change` gives it with an
interval, here for 100 minutes more in hundreds of francs; the cost has to fall, so the sign is
negative.
"""

# %%
worth = by_person.compensating_price_change("time", price="cost", scale="linear")
per_hour = 60 * np.array([worth.change, worth.ci_low, worth.ci_high])
pd.Series(per_hour, index=["francs per hour", "95 % from", "to"]).round(0)

# %% [markdown]
"""
## What will be refused

Some models can't be estimated, and a program that returns numbers for them does harm. ACES
refuses, and says which column. Here it is the number of the person; income, or anything else that
is the same for all alternatives of a choice, would fare alike.
"""

# %%
try:
    ConditionalLogit.from_formula(f"{FORMULA} + person", long, "trip").fit()
except EstimationError as error:
    refused = str(error)
refused

# %% [markdown]
"""
Interacted with a constant (`income:train`) it would be fine: *do the rich dislike trains?* can be
answered.

## Your own file, without Python

Write the long table and name the columns; `--cluster person` says who is independent of whom:

```
aces analyze trips.csv --formula 'chosen ~ train + car + time + cost' --choice-set trip
```

Do tastes differ between people? `MixedLogit`, with `panel="person"`: see
[Estimators](../../docs/estimators.md). Do you work in R or Stata? See [Reading the table in R and
Stata](../../docs/r-and-stata.md).
"""
