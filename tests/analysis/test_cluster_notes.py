"""What is said of a middling number of clusters, whose intervals cover less than they say."""

from types import SimpleNamespace as Some

import pytest

from analysis.fits import _some


def result(clusters, bootstrap=None):
    """As much of a fit as counts here."""
    return Some(choice_fit=Some(covariance=Some(n_clusters=clusters)), bootstrap=bootstrap)


@pytest.mark.parametrize(("clusters", "said"), [(9, 0), (10, 1), (39, 1), (40, 0), (None, 0)])
def test_clusters_between_few_and_enough_are_told(clusters, said):
    notes = _some(result(clusters))
    assert len(notes) == said
    assert all(note.startswith(f"{clusters} clusters") for note in notes)


def test_a_bootstrapped_fit_needs_no_such_note():
    assert not _some(result(20, bootstrap=Some(name="score bootstrap")))
