"""What must hold for every counterfactual of the library: its main measure moves the right way, and nothing else does.

Months before the change, and flows that do not lie downstream of it, are the flagship's to the last bit.
"""

from dataclasses import dataclass

import numpy as np
import pytest

import autarky
from autarky.quantities.months import parse_month
from autarky.scenario.resolve import library

DRAWS, FLAGSHIP = 512, "china-ai-chips"
STAND_ALONE = {FLAGSHIP, "foreign-ai-chips"}
WAFERS = ("capacity", "wafers", "good_dies")
FABS = (*WAFERS, "bank_dies")
CHAIN = (*FABS, "stacks", "die_stock", "stack_stock", "production")
RENT = ("rented", "reference", "demand")


@dataclass(frozen=True)
class Expected:
    """What one counterfactual does; `way` is the sign of its effect on the yearly mean of `main`."""

    main: str
    way: int
    year: str
    since: str
    """The first month that may differ."""
    fixed: tuple[str, ...]
    """Flows that do not lie downstream."""
    other_way: float = 0.0
    """Share of draws that may move the other way: freed memory or money may go to parts that need more of it."""
    against: str = FLAGSHIP


DEARER = Expected(
    "fees",
    1,
    "2026",
    "2025-08",
    (*CHAIN, "sales", "installed", "revenue", "unsold", "unmet", "duties", "write_downs", "releases", *RENT),
    against="h20-for-15-percent",
)
EXPECTED = {
    "h20-never-stopped": Expected("imports.chips", 1, "2025", "2025-04", (*CHAIN, "fees", *RENT)),
    "h20-ban-stays": Expected("imports.chips", -1, "2025", "2025-08", (*CHAIN, "fees", "duties", *RENT)),
    "h20-for-15-percent": Expected("fees", 1, "2026", "2025-07", (*CHAIN, *RENT)),
    "h20-for-20-percent": DEARER,
    "h20-for-25-percent": DEARER,
    "h200-as-gated": Expected("imports.chips", -1, "2026", "2026-02", (*CHAIN, "fees", *RENT), other_way=0.01),
    "h200-without-gate": Expected(
        "imports.chips", 1, "2026", "2026-01", (*CHAIN, "fees", *RENT), other_way=0.01, against="h200-as-gated"
    ),
    "hbm-without-control": Expected("production.chips", 1, "2026", "2025-01", (*FABS, "access", *RENT), other_way=0.05),
    "hbm-tightened": Expected("production.chips", -1, "2028", "2027-01", (*FABS, "access", *RENT), other_way=0.02),
    "location-verification": Expected(
        "grey.chips", -1, "2027", "2027-01", (*CHAIN, "unsold", "unmet", "fees", "duties", "access", *RENT)
    ),
    "state-sites-closed": Expected("imports.chips", -1, "2027", "2027-01", (*CHAIN, "fees", *RENT)),
    "software-parity": Expected(
        "imports.chips", -1, "2028", "2026-01", (*CHAIN, "access", "fees", *RENT), other_way=0.02
    ),
    "plan-met": Expected("capacity", 1, "2026", "2025-12", ("bank_dies", "stacks", "access", "fees", *RENT)),
    "foundries-open": Expected("bank_dies", 1, "2026", "2024-12", (*WAFERS, "stacks", "access", "fees", *RENT)),
}


@pytest.fixture(scope="module")
def ran():
    known = {}

    def of(name):
        if name not in known:
            known[name] = autarky.run(name, draws=DRAWS, seed=1, prior=True)
        return known[name]

    return of


def differing(a, b, flow):
    """Return in which months and draws any member of a flow differs, (month, draw); one that a side lacks is 0."""
    of = [dict(zip(side.members[flow], side.flows[flow], strict=True)) for side in (a, b)]
    pairs = [tuple(flows.get(member, np.float32(0)) for flows in of) for member in {**of[0], **of[1]}]
    return np.any([one != other for one, other in pairs], axis=0)


def test_every_counterfactual_of_the_library_is_expected_to_do_something():
    assert EXPECTED.keys() == library().keys() - STAND_ALONE


@pytest.mark.parametrize("name", EXPECTED)
def test_a_counterfactual_moves_what_it_should_and_nothing_else(ran, name):
    expected = EXPECTED[name]
    a, b = ran(expected.against), ran(name)
    moved = {flow: differing(a, b, flow) for flow in a.flows}

    assert [flow for flow in expected.fixed if moved[flow].any()] == []

    first = int(np.searchsorted(a.months, parse_month(expected.since)))
    assert [flow for flow, different in moved.items() if different[:first].any()] == []
    assert any(different[first].any() for different in moved.values())

    gained = b.by_years(expected.main)[expected.year] - a.by_years(expected.main)[expected.year]
    assert expected.way * gained.mean() > 0
    assert (expected.way * gained < 0).mean() <= expected.other_way


@pytest.mark.parametrize("name", ["h20-ban-stays", "h20-for-15-percent"])
def test_nothing_that_is_bought_differs_before_the_first_licence_of_august_2025(ran, name):
    a, b = ran(FLAGSHIP), ran(name)
    first = int(np.searchsorted(a.months, parse_month("2025-08")))
    for flow in ("sales", "revenue", "installed", "unmet"):
        different = differing(a, b, flow).any(axis=1)
        assert not different[:first].any(), flow
        assert different[first], flow


@pytest.mark.parametrize("percent", [20, 25])
def test_only_the_fee_scales_with_the_share_asked_for(ran, percent):
    fifteen, more = (ran(f"h20-for-{share}-percent").by_years("fees") for share in (15, percent))
    for year, values in fifteen.items():
        np.testing.assert_allclose(more[year], values * percent / 15, rtol=1e-5)
