"""Streams are addresses: pinned, pure, independent of order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aces.seeds import Stream


def test_the_same_on_every_platform():
    stream = Stream(7, "a")
    assert stream.uniform() == 0.9565420749989747
    assert stream.gumbel() == pytest.approx(3.1138290505829125, rel=1e-13)
    assert stream.normal() == pytest.approx(1.7118959238647204, rel=1e-9)
    assert stream.generator().permutation(8).tolist() == [2, 0, 1, 6, 7, 4, 5, 3]
    assert stream.generator().integers(5, size=6).tolist() == [1, 0, 2, 3, 2, 1]
    assert stream.generator().uniform() == 0.12620231257921144
    assert stream.generator().lognormal(0, 0.3) == pytest.approx(0.9955209101, rel=1e-8)
    assert stream.generator().choice(10, size=3, replace=False).tolist() == [8, 1, 5]


letters = st.characters(codec="utf-8", exclude_characters="\x1f")
names = st.lists(st.text(letters, max_size=4), min_size=1)


@given(names, names)
def test_different_paths_are_different_streams(one, other):
    same = Stream(*one).uniform() == Stream(*other).uniform()
    assert same == (one == other)


@given(names, names)
def test_a_child_is_the_longer_path(parent, rest):
    child = Stream(*parent).child(*rest)
    assert child.uniform() == Stream(*parent, *rest).uniform()
    assert child.generator().random() == Stream(*parent, *rest).generator().random()


def test_no_draw_depends_on_another():
    alone = Stream(1, "b").generator().random(3).tolist()
    first = Stream(1, "a").generator()
    first.random(100)
    assert Stream(1, "b").generator().random(3).tolist() == alone
    assert Stream(1, "b").generator().random(3).tolist() == alone


@pytest.mark.parametrize("number", [0, 1, 2**64 - 2, 2**64 - 1])
def test_the_ends_of_the_unit_interval_never_come_out(monkeypatch, number):
    monkeypatch.setattr(Stream, "_number", lambda self, size: number)
    stream = Stream("any")
    assert 0 < stream.uniform() < 1
    assert math.isfinite(stream.gumbel())
    assert math.isfinite(stream.normal())


@pytest.mark.parametrize(
    ("method", "law"),
    [("uniform", stats.uniform), ("gumbel", stats.gumbel_r), ("normal", stats.norm)],
)
def test_own_numbers_follow_their_law(method, law):
    values = np.array([getattr(Stream(3, "law", i), method)() for i in range(4000)])
    assert stats.kstest(values, law.cdf).pvalue > 1e-4
