"""`python -m aces` is `aces`."""

from aces.cli import main

main()
