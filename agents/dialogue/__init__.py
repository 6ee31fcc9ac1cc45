"""Talking with a served model: what it may say, how it is told, and what its answers mean."""
