from collections import Counter

import pytest

from autarky.errors import ScenarioError
from autarky.facts.fields import quantities_of
from autarky.facts.listing import record
from autarky.facts.loader import Change, load_catalogue, with_changes
from autarky.facts.performance_records import Efficiency
from autarky.facts.records import System
from autarky.facts.reliability_records import Reliability

RECORDS = load_catalogue().all("reliabilities", Reliability)


def test_a_chip_has_one_record_for_its_family():
    counted = Counter(chip for found in RECORDS.values() for chip in found.chips)
    assert set(counted.values()) == {1}


def test_chips_with_an_efficiency_in_a_system_have_a_record_unless_their_software_is_in_no_market():
    facts = load_catalogue()
    able = {chip for found in facts.all("efficiencies", Efficiency).values() for chip in found.chips}
    built = {part.chip for system in facts.all("systems", System).values() for part in system.chips}
    covered = {chip for found in RECORDS.values() for chip in found.chips}
    assert all(chip.startswith(("tpu", "gaudi")) for chip in (able & built) - covered)


@pytest.mark.parametrize("name", RECORDS)
def test_times_and_shares_are_of_a_size_that_can_be(name):
    found = RECORDS[name]
    assert 1 <= found.chips_per_node <= 72
    # Between a week and a lifetime of a chip; and a fault is not noticed for a day at most.
    low, high = found.chip_days.pooled.ppf([0.05, 0.95])
    assert 7 <= low <= high <= 10_000
    assert found.detection.pooled.ppf([0.95])[0] < 86_400
    assert found.restart.pooled.ppf([0.95])[0] < 86_400


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_not_known_is_an_interval_and_what_nobody_counted_a_judgement(name):
    judged = [
        key
        for key, quantity in quantities_of(RECORDS[name])
        if all(source.startswith("autarky") for estimate in quantity.estimates for source in estimate.sources)
    ]
    exact = {"detection_spread", "speed_error", "software_failures", "spare_confidence", "interval"}
    for key, quantity in quantities_of(RECORDS[name]):
        if key in judged and key not in exact:
            low, high = quantity.pooled.ppf([0.05, 0.95])
            assert high > low, key


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("software", "cudda", "no software_readiness record is called 'cudda'"), ("chips", ["h100"], "no chips record")],
)
def test_a_record_names_what_exists(field, value, said):
    facts = load_catalogue()
    raw = {**facts.plain["reliabilities"]["hopper"], field: value}
    change = Change(raw, lambda _: "test", frozenset({field}))
    with pytest.raises(ScenarioError, match=said):
        with_changes(facts, {("reliabilities", "hopper"): change})


def test_a_record_shown_names_its_chips():
    shown = str(record("reliabilities.ascend-910"))
    assert "ascend-910b4, ascend-910c" in shown
    assert "method" not in shown
