# %% [markdown]
"""
# A first look at a run

A **run** is a folder: every shop that was drawn, every trial, and what each buyer did. You need
no model and no browser to read one. The run here is small and ships with ACES: `aces run
experiments/configs/notebooks.yaml` makes it in seconds. Its buyers are *planted*: formulas with
known tastes, so that you can see whether an analysis finds them. They prove the instrument; they
say nothing about any real model.

Four words are enough to begin:

- **world**: a shop as drawn, here one shelf of eight products with random slots, prices and
  badges;
- **buyer**: who shops, here `old`, `old_again` and `new` (a model, the same model again, its
  update);
- **trial**: one buyer in one world, once;
- **alternative**: one product on the shelf of a trial.
"""

# %%
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

import analysis
from aces.catalog import load_catalog
from aces.store import RunStore
from analysis import load_choices, market_shares

RUN = Path(analysis.__file__).parent / "notebooks" / "stored"  # or your own: "runs/mine"
choices = load_choices(RUN)
choices.shape

# %% [markdown]
"""
## The long table

`load_choices` gives one table for everything that follows: **one row per alternative per trial**.
A trial with eight products is eight rows, and `chosen` is 1 in the row that was bought. Always
ask first how many trials there are and how they ended. A trial without a purchase has `chosen` 0
in all rows and says why in `status`: `abstained`, `truncated`, or `failed` with its `cause`.
"""

# %%
trials = choices.drop_duplicates("trial_id")
trials.groupby(["buyer", "task_id", "status"]).agg(
    trials=("trial_id", "size"), worlds=("world_id", "nunique")
)

# %% [markdown]
"""
All three buyers met the same 300 worlds, 150 for each errand, and all bought something. With real
models look here first: a buyer that fails in one trial of five is measured on the other four
only.

## One trial

Here is one shelf, as a table. `position` is the slot: 1 is top left, 5 begins the second row.
"""

# %%
one = choices[(choices.buyer == "old") & (choices.task_id == "mousepad")].iloc[:8]
shown = ["position", "product_id", "price_cents", "original_price_cents", "rating"]
marks = ["sponsored", "overall_pick", "scarcity"]
one.sort_values("position")[[*shown, *marks, "chosen"]].set_index("position")

# %% [markdown]
"""
The same shelf with the pictures of the catalogue. `aces shop --run FOLDER --trial ID` opens the
page itself in your browser, exactly as its buyer met it.
"""

# %%
catalog = load_catalog("demo")
figure, axes = plt.subplots(2, 4, figsize=(8, 4.8), layout="constrained")
for row, place in zip(one.sort_values("position").itertuples(), axes.flat, strict=True):
    picture, _ = catalog.picture(catalog.listings[row.product_id].pictures[0])
    place.imshow(Image.open(BytesIO(picture)).convert("RGB").resize((110, 110)))
    bought = "  bought" if row.chosen else ""
    place.set_title(f"{row.position}. ${row.price_cents / 100:.2f}{bought}", fontsize=10)
    place.set_xlabel(row.product_id, fontsize=8)
    place.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
"""
And what the buyer did there, as the shop logged it. `aces show FOLDER ID` prints the same with
what was on the page; with a model it also holds every request, answer, screenshot and token
count.
"""

# %%
with RunStore.open(RUN) as run:
    log = pd.read_sql_query(
        "SELECT seq, kind, page, data FROM events WHERE trial_id = ? ORDER BY seq",
        run.db,
        params=[one.trial_id.iloc[0]],
    )
log.assign(data=log.data.str.slice(0, 70))

# %% [markdown]
"""
## Was it random?

What follows rests on one fact: slots, prices and badges were drawn by us, apart from everything
else. So a product's slot should average 4.5, and its price should not depend on where it stands.
Look; then let `aces analyze` test it: its *gates* draw every world again from the seed and
compare.
"""

# %%
worlds = choices.drop_duplicates(["world_id", "product_id"])
worlds = worlds.assign(change=np.log(worlds.price_cents / worlds.original_price_cents))
slots = worlds.groupby("product_id").position.agg(["mean", "std", "size"])
slots["away"] = (slots["mean"] - 4.5) / (slots["std"] / np.sqrt(slots["size"]))
slots.round(2)

# %%
by_slot = worlds.groupby("position").change.agg(["mean", "sem"])
figure, axis = plt.subplots(figsize=(5.5, 2.8), layout="constrained")
axis.errorbar(by_slot.index, by_slot["mean"], yerr=1.96 * by_slot["sem"], fmt="o")
axis.axhline(0, color="grey", linewidth=0.8)
axis.set(xlabel="slot", ylabel="mean log price change", title="Prices do not depend on the slot")
plt.show()

# %% [markdown]
"""
`away` counts standard errors: with sixteen products, one of about 2 is no surprise, one of 4
would be.

## Who is bought

Shares are the first answer. `market_shares` adds Wilson intervals: with 150 trials a share of 20
% is known to about six points either way, so that most neighbours in this figure can't be told
apart.
"""

# %%
shares = market_shares(choices[choices.buyer == "old"], by=["task_id"])
columns = ["task_id", "product_id", "n_chosen", "n_choices", "share", "wilson_low", "wilson_high"]
shares[columns].sort_values(["task_id", "share"], ascending=[True, False]).round(3)

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for axis, (task, part) in zip(axes, shares.groupby("task_id"), strict=True):
    ranked = part.sort_values("share")
    axis.barh(ranked.product_id, ranked.share, color="lightsteelblue")
    axis.hlines(ranked.product_id, ranked.wilson_low, ranked.wilson_high, color="black")
    axis.axvline(1 / 8, color="grey", linestyle=":")
    axis.set(title=task, xlabel="share of purchases (dotted: one in eight)")
plt.show()

# %% [markdown]
"""
Shares say *what* is bought, not *why*. A product may sell because it is good, cheap, or was lucky
with its slots. Which of these it is, the [next notebook](position_and_price.ipynb) takes apart.

In the shell, a first look is:

```
aces status runs/mine
aces show runs/mine --html
aces analyze runs/mine
aces report runs/mine
```
"""
