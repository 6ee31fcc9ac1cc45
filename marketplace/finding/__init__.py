"""How a shopper finds things: words to an index, an index to results, results to facets."""
