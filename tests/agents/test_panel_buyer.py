"""A panel of planted shoppers."""

from aces.seeds import Stream
from aces.types import PerceivedListing, Task
from agents.buyers.panel import PanelBuyer


def test_a_shopper_keeps_its_tastes_and_another_has_others():
    config = PanelBuyer.Config(heterogeneity={"rating": 2.0}, shoppers=3, tastes_seed=5)
    buyer = PanelBuyer(config)
    names = PanelBuyer.factors(config)["persona"].levels
    listing = PerceivedListing(
        product_id="a", title="t", price_cents=100, rating=1.0, position=1, row=1, col=1
    )
    errands = [Task(id="t", category="c", query="q", persona=name) for name in names]
    worth = [
        [buyer.utilities((listing,), buyer.taste(task, Stream(trial)))[0] for task in errands]
        for trial in ("first", "second")
    ]
    assert worth[0] == worth[1]
    assert len(set(worth[0])) == 3
