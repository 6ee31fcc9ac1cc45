# %% [markdown]
"""
# What position and price do

A shop wants to know what the top row is worth, and what a price cut brings. Because slots and
prices were drawn at random, both have an answer. We look at plain averages first, then fit the
model that ACES uses by default, the **conditional logit**, and read its numbers.

Read [A first look at a run](first_look.ipynb) before this one.
"""

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import analysis
from aces.store import RunStore
from analysis import ConditionalLogit, load_choices

RUN = Path(analysis.__file__).parent / "notebooks" / "stored"  # or your own: "runs/mine"
choices = load_choices(RUN)
old = choices[choices.buyer == "old"]

# %% [markdown]
"""
## Position: the plain average is causal

Every product stood in every slot about equally often, by chance alone. So the share of purchases
that a slot gets, whatever stood there, is the effect of the slot. Without an effect each would
get 12.5 %.
"""

# %%
by_slot = old.groupby(["row", "col"]).chosen.mean().unstack()
figure, axis = plt.subplots(figsize=(6, 2.6), layout="constrained")
axis.imshow(100 * by_slot, cmap="Blues", vmin=0, vmax=40)
for (row, col), share in np.ndenumerate(by_slot.to_numpy()):
    axis.text(col, row, f"{100 * share:.0f} %", ha="center", va="center")
axis.set(xticks=range(4), xticklabels=by_slot.columns, yticks=range(2), yticklabels=by_slot.index)
axis.set(xlabel="column", ylabel="row", title="Share of purchases by slot (even: 12.5 %)")
plt.show()

# %% [markdown]
"""
The table below is the same for rows alone. A trial has one purchase, in one row or the other, so
that half the trials is "no effect". (One trial per world here; where worlds are met several
times, an interval must allow for that. The model below does.)
"""

# %%
tops = old[old.chosen == 1].row.eq(1)
error = np.sqrt(tops.mean() * (1 - tops.mean()) / len(tops))
low, high = tops.mean() - 1.96 * error, tops.mean() + 1.96 * error
pd.Series({"top row": tops.mean(), "95 % from": low, "to": high, "no effect": 0.5}).round(3)

# %% [markdown]
"""
## Price: compare a product with itself

Cheap products differ from dear ones in more than price, so never compare across products. Compare
each product with itself, by the factor that its price was multiplied by. (The intervals take
listings as independent, which is roughly right: one purchase is shared among eight.)
"""

# %%
change = old.price_cents / old.original_price_cents
steps = pd.cut(change, [0, 0.7, 0.85, 1, 1.15, 1.35, 9])
grouped = old.assign(change=change).groupby(steps, observed=True)
response = grouped.agg(change=("change", "mean"), share=("chosen", "mean"), n=("chosen", "size"))
response["error"] = np.sqrt(response.share * (1 - response.share) / response.n)
figure, axis = plt.subplots(figsize=(5.5, 3), layout="constrained")
axis.errorbar(response.change, response.share, yerr=1.96 * response.error, fmt="o-")
axis.axhline(1 / 8, color="grey", linestyle=":")
axis.set(xlabel="price shown / price in the catalogue", ylabel="share of purchases", ylim=0)
plt.show()

# %% [markdown]
"""
## The conditional logit

Averages take one thing at a time and throw away what the rest of the shelf looked like. The
conditional logit uses it. Each alternative of a trial has a utility, and is bought with a
probability in proportion to its exponential:

```
u = b1 row_1 + ... + bp log(price) + a[product]
P(bought) = exp(u) / sum of exp(u) over the shelf
```

In the formula

- `row_1` is 1 in the top row; the bottom row is the baseline. `col_1` to `col_3` likewise,
  against `col_4`;
- `log_price` is the logarithm, so that the coefficient is about percentages;
- `effects="product_id"` gives each product a constant, so that products are compared with
  themselves;
- `choice_set="trial_id"` says which rows competed;
- `cluster="world_id"` says what was drawn: errors then allow for trials that met one world.
"""

# %%
TERMS = "row_1 + col_1 + col_2 + col_3 + log_price + sponsored + overall_pick + scarcity"
model = ConditionalLogit.from_formula(
    f"chosen ~ {TERMS}",
    data=old,
    choice_set="trial_id",
    effects="product_id",
    cluster="world_id",
)
result = model.fit()
with RunStore.open(RUN) as run:
    planted = run.meta("truths")["old"]
found = result.table().set_index("term")
found.assign(planted=[planted.get(term, 0.0) for term in found.index]).round(3)

# %%
figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
axis.hlines(found.index, found.ci_low, found.ci_high)
axis.plot(found.estimate, found.index, "o", label="estimate, 95 % interval")
axis.plot([planted.get(term, 0) for term in found.index], found.index, "d", label="planted")
axis.invert_yaxis()
axis.set_xlabel("coefficient (log odds)")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
**How to read it.** A coefficient is a change of log odds: the top row multiplies the odds of
being bought, against any rival on the shelf, by exp(b). Intervals hold the planted value in 95 of
100 runs; in any one run an interval may miss, and with eight of them that is not rare.
`sponsored` was planted as 0.

## In points, and in money

Log odds are for models. For people: by how many points does the chance of being bought change, on
average over the shelves of this run?
"""

# %%
result.average_marginal_effects().set_index("term").round(3)

# %% [markdown]
"""
`baseline` is what a column is compared with: for `row_1` the bottom row. `log_price` has none, it
is a slope: a price 10 % higher moves the chance by about a tenth of that number.

The top row in money: by how much could a listing's price rise there, and it would sell as before?
This ratio of two coefficients has an interval of its own (Fieller's), which need not be
symmetric.
"""

# %%
worth = {term: result.compensating_price_change(term) for term in ("row_1", "overall_pick")}
rows = [(term, one.change, one.ci_low, one.ci_high) for term, one in worth.items()]
(pd.DataFrame(rows, columns=["term", "price, %", "from", "to"]).set_index("term") * 100).round(0)

# %% [markdown]
"""
So the model predicts that a listing could cost that much more in the top row and sell as it did
below. Wide intervals are honest: 300 trials say that the top row is worth a lot, not how much.

## A mistake to avoid

Leave out the product effects, and something goes wrong. In this run dearer products are better
liked, as they are in many shops. `log_price` holds both the random factor and the price in the
catalogue; without a constant for each product the second part takes the credit for quality, and
buyers look less sensitive to price than they are.
"""

# %%
bare = ConditionalLogit.from_formula(
    f"chosen ~ {TERMS}", data=old, choice_set="trial_id", cluster="world_id"
).fit()
fits = {"with product effects": result, "without": bare}
rows = {name: fit.table().set_index("term").loc["log_price"] for name, fit in fits.items()}
pd.DataFrame(rows).T.astype(float).assign(planted=planted["log_price"]).round(3)

# %% [markdown]
"""
All of this comes from one command, `aces analyze runs/mine`, and `aces report runs/mine` draws
it.

Next: [two models compared](two_models.ipynb).
"""
