from datetime import date

import pytest

from autarky.errors import UnknownKeyError
from autarky.facts.catalogue import Weigh, value_of
from autarky.facts.loader import collection_of
from autarky.facts.records import Chip, Source
from autarky.facts.supply_records import Fab
from autarky.quantities.estimates import Estimate
from autarky.quantities.shapes import Exact
from small_catalogue import small_catalogue


def test_a_record_is_found_by_collection_and_id():
    assert small_catalogue().get("fabs", "north", Fab).label == "North fab"
    assert list(small_catalogue().all("fabs", Fab)) == ["north", "south"]


def test_an_unknown_id_names_the_nearest_ones():
    with pytest.raises(UnknownKeyError, match=r"^no fabs record is called 'noth'; did you mean north or south\?$"):
        small_catalogue().get("fabs", "noth", Fab)


def test_an_id_like_no_other_names_the_command_that_lists_them():
    line = r"^no chips record is called 'zzz'; `autarky facts list chips` names all 1$"
    with pytest.raises(UnknownKeyError, match=line):
        small_catalogue().get("chips", "zzz", Chip)


def test_a_record_of_another_class_is_not_taken_for_the_wanted_one():
    with pytest.raises(UnknownKeyError):
        small_catalogue().get("fabs", "north", Chip)
    assert small_catalogue().all("fabs", Chip) == {}


def test_a_record_is_found_wherever_it_stands():
    assert small_catalogue().find("north")[0] == "fabs"
    collection, record = small_catalogue().find("products.card")
    assert (collection, record.label) == ("products", "Card")
    # Chips come before products.
    assert small_catalogue().find("card")[0] == "chips"
    with pytest.raises(UnknownKeyError, match=r"^nothing in the catalogue is called 'nroth'; did you mean north"):
        small_catalogue().find("nroth")


def test_every_quantity_has_a_key_that_leads_back_to_it():
    keys = dict(small_catalogue().quantities())
    assert {
        "fabs.north.capacity",
        "fabs.north.dies.big-die.yield",
        "fabs.south.defects.density",
        "chips.card.dense.bf16",
        "chips.card.links.scale_up.both_ways",
        "die_banks.bank.deliveries.0.amount",
        "observations.cards-2024.estimates",
        "pooling.default.grade_weights.A",
    } <= set(keys)
    assert keys["processes.seven.cycle_time"].unit == "month"
    assert not any(key.startswith(("sources.", "events.")) for key in keys)


def test_the_bibliography_knows_when_each_source_was_known():
    sources = small_catalogue().sources
    assert sources["maker-2023"].known == date(2023, 6, 1)
    assert sources["analyst-2024"].known == date(2024, 3, 31)
    assert sources["recalled-2022"].known == date(2022, 12, 31)
    assert small_catalogue().first_source() == date(2022, 12, 31)


def test_a_source_is_known_no_later_than_it_was_read():
    source = Source(
        title="t", publisher="p", published="2026", retrieved="2026-03", url="https://example.org", grade="A"
    )
    assert source.known == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("sources", "unverified", "weight", "expected", "known"),
    [
        (("maker-2023",), False, None, 1.0, date(2023, 6, 1)),
        (("analyst-2024",), False, None, 0.5, date(2024, 3, 31)),
        (("rival-2025",), False, None, 0.25, date(2025, 2, 10)),
        (("recalled-2022",), False, None, 0.125, date(2022, 12, 31)),
        (("maker-2023",), True, None, 0.5, date(2023, 6, 1)),
        (("rival-2025", "analyst-2024"), False, None, 0.5, date(2024, 3, 31)),
        (("rival-2025",), False, 3.0, 3.0, date(2025, 2, 10)),
        (("scenario",), False, None, 0.25, None),
        ((), False, None, 0.25, None),
    ],
)
def test_an_estimate_weighs_as_its_best_source_and_is_known_from_its_first(
    sources, unverified, weight, expected, known
):
    weigh = Weigh(small_catalogue().sources, small_catalogue().pooling)
    estimate = Estimate(Exact(1.0), sources, unverified=unverified, weight=weight)
    assert weigh(estimate) == (expected, known)


def test_estimates_in_the_catalogue_are_weighed_and_dated():
    path = dict(small_catalogue().quantities())["fabs.north.capacity"]
    assert [(e.weight, e.published, e.sources) for e in path.estimates] == [
        (0.5, date(2024, 3, 31), ("analyst-2024",)),
        (0.5, date(2024, 3, 31), ("analyst-2024",)),
        (0.25, date(2025, 2, 10), ("rival-2025",)),
    ]


def test_the_number_of_a_quantity_is_its_value_or_its_mean():
    quantities = dict(small_catalogue().quantities())
    assert value_of(quantities["processes.seven.cycle_time"]) == 3.0
    share = quantities["fabs.north.ai_share"]
    assert value_of(share) == share.pooled.mean()


@pytest.mark.parametrize(
    ("name", "collection"),
    [
        ("fabs.yaml", "fabs"),
        ("die-banks.yaml", "die_banks"),
        ("memory-types-holders.yaml", "memory_types"),
        ("sources-own.yaml", "sources"),
        ("fabsolutely.yaml", None),
        ("own-sources.yaml", None),
    ],
)
def test_a_file_belongs_to_the_collection_that_its_name_begins_with(name, collection):
    assert collection_of(name) == collection
