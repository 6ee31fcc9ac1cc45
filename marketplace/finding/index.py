"""A catalogue made ready to be searched: every term's listings with their BM25 scores."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from aces.types import Category, Listing, Product
from marketplace.finding.words import Word, fold, terms, words

K1, B = 1.5, 0.75
TITLE, NAMES, BODY = 3, 2, 1
"""How often a term counts by where it stands: title; brand and category; all else."""

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
_NOWHERE: Rows = np.zeros(0, dtype=np.int64)
_NOTHING: Scores = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Document:
    """The terms of one listing.

    Attributes:
        counts: Term -> how often it stands there, weighted.
        length: Sum of the counts.
    """

    counts: Mapping[str, int]
    length: int

    def holds(self, asked: Iterable[Word]) -> int:
        """Returns how many words of a query stand in it."""
        held = self.counts.keys()
        return sum(any(held >= set(way) for way in word) for word in asked)


@dataclass(frozen=True, slots=True)
class Postings:
    """BM25 scores of all listings for all terms, after Robertson and Zaragoza (2009).

    idf(t) = log(1 + (N - df + 0.5) / (df + 0.5)), as Lucene has it, so that it is never negative;
    score(d, t) = idf(t) tf / (tf + k1 (1 - b + b length / mean length)).

    Attributes:
        count: Listings in all.
        term: Term -> its number.
        starts: Where the listings of a term start in `rows` and `scores`; shape (terms + 1,).
        rows: Listings that hold the term; shape (entries,).
        scores: What it is worth to each; shape (entries,).
        mean_length: Of the documents, in weighted terms.
        vocabulary: Plain words as they are written -> how many listings hold their term.
    """

    count: int
    term: Mapping[str, int] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    rows: NDArray[np.int32] = field(repr=False)
    scores: Scores = field(repr=False)
    mean_length: float
    vocabulary: Mapping[str, int] = field(repr=False)

    def of(self, term: str) -> tuple[NDArray[np.int32] | Rows, Scores]:
        """Returns the rows that hold a term, and its score in each."""
        number = self.term.get(term)
        if number is None:
            return _NOWHERE, _NOTHING
        part = slice(self.starts[number], self.starts[number + 1])
        return self.rows[part], self.scores[part]

    def total(self, asked: Iterable[str]) -> Scores:
        """Returns the score of every listing for some terms; shape (listings,)."""
        scores = np.zeros(self.count, dtype=np.float32)
        for term in asked:
            rows, worth = self.of(term)
            scores[rows] += worth
        return scores

    def found(self, asked: Iterable[Word]) -> NDArray[np.int8]:
        """Returns how many words of a query stand in every listing; shape (listings,)."""
        found = np.zeros(self.count, dtype=np.int8)
        for word in asked:
            if len(word) == len(word[0]) == 1:
                found[self.of(word[0][0])[0]] += 1
            else:
                found += self._holding(word)
        return found

    def _holding(self, word: Word) -> NDArray[np.bool_]:
        """Whether a word stands in a listing in any of its ways."""
        holding = np.zeros(self.count, dtype=bool)
        for way in word:
            terms = np.zeros(self.count, dtype=np.int8)
            for term in way:
                terms[self.of(term)[0]] += 1
            holding |= terms == len(way)
        return holding

    def score(self, document: Document, asked: Iterable[str]) -> float:
        """Returns the score of a text that may be none of the collection, by its statistics."""
        norm = K1 * (1 - B + B * document.length / self.mean_length) if self.mean_length else K1
        counts = ((term, document.counts.get(term, 0)) for term in asked)
        return sum(self._idf(term) * count / (count + norm) for term, count in counts if count)

    def _idf(self, term: str) -> float:
        holding = len(self.of(term)[0])
        return math.log(1 + (self.count - holding + 0.5) / (holding + 0.5))


def document(listing: Listing, product: Product, about: Category | None) -> Document:
    """Returns what a listing is found by."""
    counts: Counter[str] = Counter()
    for text, weight in texts(listing, product, about):
        for word in words(fold(text)):
            for term in terms(word):
                counts[term] += weight
    return Document(counts, counts.total())


def texts(
    listing: Listing, product: Product, about: Category | None
) -> tuple[tuple[str, int], ...]:
    """Returns everything that is searched of a listing, and how much it counts."""
    names = [product.brand, product.category.replace("_", " "), *([about.title] if about else ())]
    facts = (f"{name} {value}".replace("_", " ") for name, value in product.attributes.items())
    body = "\n".join((*facts, *listing.bullets, listing.description))
    return (listing.title, TITLE), ("\n".join(names), NAMES), (body, BODY)


def build(
    listings: Sequence[Listing],
    products: Mapping[str, Product],
    about: Mapping[str, Category],
) -> Postings:
    """Returns the searchable collection of listings; a listing's row is its place among them."""
    reader = _Reader()
    documents = []
    for listing in listings:
        product = products[listing.product_id]
        documents.append(reader.read(texts(listing, product, about.get(product.category))))
    starts, rows, scores = _scored(documents, reader.term)
    return Postings(
        count=len(documents),
        term=reader.term,
        starts=starts,
        rows=rows,
        scores=scores,
        mean_length=sum(map(len, documents)) / max(1, len(documents)),
        vocabulary=reader.vocabulary(np.diff(starts)),
    )


class _Reader(dict[str, list[int]]):
    """Turns texts into numbers of terms: word -> numbers, each word looked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.term: dict[str, int] = {}

    def __missing__(self, word: str) -> list[int]:
        numbers = [self.term.setdefault(term, len(self.term)) for term in terms(word)]
        self[word] = numbers
        return numbers

    def read(self, texts: Iterable[tuple[str, int]]) -> list[int]:
        """Returns the terms of a document, each as often as it counts."""
        found: list[int] = []
        for text, weight in texts:
            numbers = map(self.__getitem__, words(fold(text)))
            found += list(chain.from_iterable(numbers)) * weight
        return found

    def vocabulary(self, holding: NDArray[np.int64]) -> dict[str, int]:
        """Returns the plain words and how many listings hold them; those with digits are codes."""
        return {
            word: int(holding[numbers[0]])
            for word, numbers in self.items()
            if len(numbers) == 1 and word.isalpha()
        }


def _scored(
    documents: list[list[int]], term: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32], Scores]:
    """Starts, rows and scores of all terms."""
    if not term:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32), _NOTHING
    from bm25s import BM25  # type: ignore[import-untyped]

    model = BM25(k1=K1, b=B, method="lucene")
    model.index((documents, term), create_empty_token=False, show_progress=False)
    found = model.scores
    return found["indptr"].astype(np.int64), found["indices"].astype(np.int32), found["data"]
