"""The shop: pages, sessions, treatments and rankers. Buyers meet it only over HTTP."""
