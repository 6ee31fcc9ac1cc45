"""From estimates to decisions: what a change would do, what it is worth, whether to believe it."""
