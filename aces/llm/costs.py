"""What an answer costs, by a price table."""

from aces.llm.records import Prices, Usage


def cost(usage: Usage, prices: Prices) -> float:
    """Returns the price of one answer, in the table's currency."""
    cached = usage.cached or 0
    kept = prices.input if prices.cached_input is None else prices.cached_input
    tokens = (usage.prompt - cached) * prices.input + cached * kept
    return prices.request + (tokens + usage.completion * prices.output) / 1e6
