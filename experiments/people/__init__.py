"""People as buyers: the identical pages, handed out trial by trial, stored like any other run."""
