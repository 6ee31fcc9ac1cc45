"""What a query asks for: its words, and better spellings of those that occur nowhere."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from marketplace.finding.words import SMALL_WORDS, Word, fold, spellings, stem, telling, words

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
    meant: in another spelling, or as two words.

    Args:
        text: The query.
        known: Every term of the collection.
        spelling: Its words.
    """
    written = words(fold(text))
    searched = telling(written)
    asked: list[Word] = []
    meant: list[str] = []
    for word, shown in _joined(written, known):
        ways, better = spellings(word), None
        if not _there(ways, known):
            better = spelling.correct(word)
            ways += spellings(better) if better else _apart(word, known)
        meant.append(better or shown)
        if word in searched or word != shown:
            asked.append(ways)
    corrected = " ".join(meant)
    return Asked(tuple(dict.fromkeys(asked)), corrected if corrected != " ".join(written) else None)


def _there(ways: Word, known: Container[str]) -> bool:
    """Whether a word occurs anywhere in one of its ways."""
    return any(all(term in known for term in way) for way in ways)


def _joined(written: list[str], known: Container[str]) -> Iterator[tuple[str, str]]:
    """Yields words and how they are shown; `mouse pad` is a compound where `mousepad` is known."""
    rest = list(reversed(written))
    while rest:
        word, after = rest.pop(), rest[-1] if rest else ""
        if after and not {word, after} & SMALL_WORDS and stem(word + after) in known:
            yield f"{word}-{rest.pop()}", f"{word} {after}"
        else:
            yield word, word


def _apart(word: str, known: Container[str]) -> Word:
    """The halves of a word that is otherwise written as two, such as `mousepad`."""
    cuts = range(SHORTEST - 1, len(word) - SHORTEST + 2) if word.isalpha() else ()
    for cut in sorted(cuts, key=lambda cut: abs(2 * cut - len(word))):
        half = stem(word[:cut]), stem(word[cut:])
        if half[0] in known and half[1] in known:
            return (half,)
    return ()
