"""Estimates that others published on real data, to the digits they printed."""

import pytest
from numpy.testing import assert_allclose

from benchmarks.published import CASES, LOG_LIKELIHOOD

PUBLISHED = {name: case for name, case in CASES.items() if case.published is not None}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_estimates(shared, name):
    case = PUBLISHED[name]
    found = case.fit(shared / "data")
    assert found.nobs == case.n
    ours = {**found.params.to_dict(), LOG_LIKELIHOOD: found.llf}
    for term, (value, digits) in case.published.items():
        # some prints are cut, not rounded
        assert_allclose(ours[term], value, atol=10.0**-digits, rtol=0, err_msg=term)


def test_all_choice_data_with_published_figures_are_there():
    assert set(PUBLISHED) == {"swissmetro", "heating", "electricity", "yogurt"}
    assert sum(len(case.published) for case in PUBLISHED.values()) == 18
