"""Starts a model server on this machine, waits until it is healthy, and stops it."""

from aces.serve.commands import Launch, launch
from aces.serve.environment import Engine, Environment, find, look
from aces.serve.server import Server, free_port

__all__ = ["Engine", "Environment", "Launch", "Server", "find", "free_port", "launch", "look"]
