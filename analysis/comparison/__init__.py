"""Buyers and versions of a model compared: did it change, in what, and why."""
