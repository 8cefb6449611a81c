"""Every event of the catalogue that moves something, switched the other way: what differs, and from when.

Nothing differs before the month of its first lever. Those that move nothing in the flagship are listed with the reason.
"""

import numpy as np
import pytest

import autarky
from autarky.facts.event_records import Event
from autarky.facts.loader import load_catalogue
from autarky.quantities.months import month_label, parse_month

EVENTS = {name: event for name, event in load_catalogue().all("events", Event).items() if event.levers}
SHORT = {
    "extends": "china-ai-chips",
    "label": "the flagship without its last years",
    "horizon": {"start": "2022-01", "end": "2027-12"},
    "evidence": [],
    "targets": [],
}
MOVES_NOTHING = {
    "2022-10-advanced-computing-rule": "the letters of August 2022 had stopped the same chips, and go on",
    "2023-10-tpp-pd-rule": "the notice of October 2023 had stopped those that still came, and goes on",
    "2025-01-foundry-rule": "the letter to TSMC holds already",
    "2025-01-sophgo-zhipu-listed": "TSMC had stopped the front by itself, and the letter holds as well",
    "2025-09-rtx-6000d-cancelled": "the chip is not one of the flagship's imports",
    "2026-05-rtx-5090d-v2-stopped": "the chip is not one of the flagship's imports",
    "2025-11-power-subsidy": "buyers compare prices of chips, not of the power that they draw",
    "2026-03-h200-cap-mulled": "so little comes until May, when a cap is set, that no cap of a million binds",
    "2026-07-h200-applications": "until August, when a lower limit is set, fewer come in",
}


def ran(**events):
    return autarky.run({**SHORT, "events": events}, draws=8, seed=1, prior=True, workers=1)


@pytest.fixture(scope="module")
def flagship():
    return ran()


def first_difference(a, b):
    """Return the first month in which any flow differs, or None."""
    months = []
    for flow in a.flows:
        of = [dict(zip(side.members[flow], side.flows[flow], strict=True)) for side in (a, b)]
        for member in {**of[0], **of[1]}:
            one, other = (flows.get(member, np.float32(0)) for flows in of)
            differs = np.any(np.broadcast_to(one != other, a.flows[flow].shape[1:]), axis=1)
            months += [int(a.months[np.argmax(differs)])] if differs.any() else []
    return min(months, default=None)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_moves_something_and_nothing_before_its_day(flagship, name):
    event = EVENTS[name]
    found = first_difference(flagship, ran(**{"off" if event.enacted else "on": [name]}))
    if name in MOVES_NOTHING:
        assert found is None
        return
    begins = min(event.span(lever)[0] for lever in event.levers)
    assert found is not None
    assert found >= parse_month(begins), month_label(found)


def test_the_list_of_those_that_move_nothing_is_of_events():
    assert EVENTS.keys() >= MOVES_NOTHING.keys()


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("2024-12-hbm-control", "2025-06-30"),
        ("2024-12-hbm-control", "2024-06-30"),
        ("2024-11-tsmc-stop", "2024-03-01"),
        ("2025-04-h20-letters", "2025-05-20"),
        ("2025-08-h20-licences", "2025-11-01"),
    ],
)
def test_an_event_that_is_moved_moves_what_lies_between_the_two_days(flagship, name, to):
    event = EVENTS[name]
    begins = min(event.span(lever)[0] for lever in event.levers).isoformat()
    found = first_difference(flagship, ran(move={name: to}))
    assert parse_month(min(begins, to)) <= found <= parse_month(max(begins, to))


def test_memory_goes_on_until_the_control_comes(flagship):
    def stacks(result):
        months = [month_label(month) for month in result.months]
        return dict(zip(months, result.monthly("stacks")[:, 0], strict=True))

    held = stacks(flagship)
    later, earlier = (stacks(ran(move={"2024-12-hbm-control": day})) for day in ("2025-06-30", "2024-05-31"))
    assert {month for month in held if later[month] > held[month]} == {f"2025-0{month}" for month in range(1, 7)}
    fewer = {month for month in held if earlier[month] < held[month]}
    assert fewer == {*(f"2024-0{month}" for month in range(6, 10)), "2024-10", "2024-11", "2024-12"}
    # Dummy packages come past the rules: some stacks still come in mid-2024.
    assert all(earlier[month] > 0 for month in fewer)


def test_a_foreign_scenario_does_not_feel_what_bears_on_china():
    short = {**SHORT, "extends": "foreign-ai-chips", "horizon": {"start": "2021-06", "end": "2026-12"}}
    chinese = [name for name, event in EVENTS.items() if event.enacted]
    as_it_was, without = (
        autarky.run({**short, "events": {"off": off}}, draws=8, prior=True, workers=1) for off in ([], chinese)
    )
    assert first_difference(as_it_was, without) is None
