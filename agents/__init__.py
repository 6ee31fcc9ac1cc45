"""Buyers, and the interfaces through which they perceive a shop and act in it."""
