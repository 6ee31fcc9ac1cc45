"""Histogram and shown reviews never disagree with the stars above them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aces.types import Review
from marketplace.reviews import STARS, TOLERANCE, fit, histogram, shown, sorted_by, with_stars

RATINGS = [tenths / 10 for tenths in range(10, 51)]


def mean(counts):
    """Of a histogram, five stars first."""
    return sum(star * n for star, n in zip((5, 4, 3, 2, 1), counts, strict=True)) / sum(counts)


@pytest.mark.parametrize("rating", RATINGS)
def test_every_rating_has_a_histogram_for_every_count(rating):
    for count in (*range(1, 60), 99, 100, 101, 1234, 9999, 100_000, 2_345_678):
        counts = histogram(rating, count)
        assert sum(counts) == count
        assert min(counts) >= 0
        # as close as whole stars allow; from ten ratings on that is the shown tenth
        assert abs(mean(counts) - rating) <= 0.5 / count + 1e-9
        assert count < 10 or abs(mean(counts) - rating) <= 0.05 + 1e-9


@given(st.floats(0, 5), st.integers(0, 100_000))
def test_any_rating_at_all(rating, count):
    counts = histogram(rating, count)
    assert sum(counts) == count
    target = min(5.0, max(1.0, round(rating, 1)))
    assert count == 0 or abs(mean(counts) - target) <= 0.5 / count + 1e-9


def test_shops_have_many_extremes_and_better_means_more_stars():
    assert histogram(None, 0) == histogram(None, 7) == histogram(4.5, 0) == (0,) * 5
    five, four, three, two, one = histogram(3.5, 1000)
    assert one > two
    assert five > four > three > two
    fives = [histogram(rating, 1000)[0] for rating in RATINGS]
    assert fives == sorted(fives)


def reviews_of(stars):
    return [Review(stars=star, title=f"{n}") for n, star in enumerate(stars)]


@given(st.lists(st.integers(1, 5), max_size=9), st.sampled_from(RATINGS), st.integers(0, 300))
def test_the_shown_reviews_are_the_largest_set_that_fits(stars, rating, count):
    kept = shown(reviews_of(stars), rating, count)
    most = dict(zip((5, 4, 3, 2, 1), histogram(rating, count), strict=True))
    shown_stars = [review.stars for review in kept]
    assert all(shown_stars.count(star) <= most[star] for star in STARS)
    assert [review.title for review in kept] == sorted(review.title for review in kept)

    def off(some):
        return round(abs(sum(some) / len(some) - rating), 9)

    allowed = [min(stars.count(star), most[star]) for star in STARS]
    fitting = [
        [star for star, n in zip(STARS, counts, strict=True) for _ in range(n)]
        for counts in itertools.product(*(range(n + 1) for n in allowed))
    ]
    fitting = [some for some in fitting if some]
    good = [len(some) for some in fitting if off(some) <= TOLERANCE]
    if good:
        assert off(shown_stars) <= TOLERANCE
        assert len(kept) == max(good)
    elif fitting:
        assert off(shown_stars) == min(map(off, fitting))
    else:
        assert not kept


def test_sorting_filtering_and_fit():
    reviews = [
        Review(stars=4, title="a", date="2025-05-01", helpful=1, fit="runs small"),
        Review(stars=5, title="b", date="2025-07-01", helpful=0, fit="true to size"),
        Review(stars=1, title="c", date="", helpful=9, fit="true to size"),
        Review(stars=5, title="d", date="2025-06-01", helpful=3),
    ]

    def order(how):
        return "".join(review.title for review in sorted_by(reviews, how))

    assert [order(how) for how in ("helpful", "newest", "highest", "lowest", "nonsense")] == [
        "cdab",
        "bdac",
        "dbac",
        "cadb",
        "cdab",
    ]
    assert [review.title for review in with_stars(reviews, 5)] == ["b", "d"]
    assert with_stars(reviews, None) == reviews
    assert fit(reviews) == ("true to size", 2, 3)
    assert fit(reviews[3:]) is None


def test_thousands_of_reviews_are_no_trouble():
    crowd = reviews_of([5, 4, 5, 1, 3] * 400)
    kept = shown(crowd, 4.4, 100_000)
    assert 100 < len(kept) <= 200
    assert abs(sum(review.stars for review in kept) / len(kept) - 4.4) <= TOLERANCE + 1e-9
