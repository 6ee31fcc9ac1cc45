"""ACES: a laboratory for agentic commerce. This package is the ground the others stand on."""

__version__ = "0.1.0"
