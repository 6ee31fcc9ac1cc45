"""What a query asks for: its words, and better spellings of those that occur nowhere."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from marketplace.words import Word, fold, spellings, telling, words

SHORTEST = 4
"""Letters of the shortest word that is corrected; from twice as many, two may be wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it is searched for.

    Attributes:
        words: What is to be found, word by word.
        corrected: The query with other spellings, where words of it occur nowhere.
    """

    words: tuple[Word, ...]
    corrected: str | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms, each once."""
        found = (term for word in self.words for spelling in word for term in spelling)
        return tuple(dict.fromkeys(found))


class Spelling:
    """Finds the word that was meant.

    Args:
        vocabulary: Word -> how many listings hold it.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._words = list(vocabulary)

    def correct(self, word: str) -> str | None:
        """Returns the nearest word there is; of several, the most frequent."""
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        if len(word) < SHORTEST or not word.isalpha():
            return None
        allowed = 1 if len(word) < 2 * SHORTEST else 2
        near = extract(word, self._words, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        ranked = ((far, -self._vocabulary[other], len(other), other) for other, far, _ in near)
        return min(ranked, default=(0, 0, 0, None))[-1]


def understand(text: str, known: Container[str], spelling: Spelling) -> Asked:
    """Returns what a query asks for.

    A word that occurs nowhere is looked for as it is, in treated listings, and as it was probably
    meant.

    Args:
        text: The query.
        known: Every term of the collection.
        spelling: Its words.
    """
    written = words(fold(text))
    searched = telling(written)
    asked: list[Word] = []
    meant: list[str] = []
    for word in written:
        ways = spellings(word)
        there = any(all(term in known for term in way) for way in ways)
        better = None if there else spelling.correct(word)
        meant.append(better or word)
        if word in searched:
            asked.append((*ways, *spellings(better)) if better else ways)
    corrected = " ".join(meant) if meant != written else None
    return Asked(tuple(dict.fromkeys(asked)), corrected)
