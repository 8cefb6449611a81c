"""Every quantity of every record of the packaged catalogue is found by its key, and can be changed by it."""

import pytest

from autarky.facts.fields import QUANTITY_TYPES, map_quantities, quantities_of
from autarky.facts.loader import load_catalogue
from autarky.facts.observed_records import Observed
from autarky.facts.records import COLLECTIONS
from autarky.facts.rule_records import Country, Rule
from autarky.quantities.estimates import Quantity
from autarky.quantities.parse import Spec, parse_quantity

ONE = parse_quantity("1", Spec("1"))


def records():
    return [
        (collection, name, record)
        for collection, entries in load_catalogue().collections.items()
        for name, record in entries.items()
    ]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_collection_has_records_of_its_class(collection):
    entries = load_catalogue().collections[collection]
    assert entries
    assert all(isinstance(record, COLLECTIONS[collection]) for record in entries.values())


def test_changing_nothing_gives_an_equal_record():
    for _, _, record in records():
        assert map_quantities(record, lambda _, quantity: quantity) == record


def test_a_change_sees_exactly_the_quantities_that_are_listed():
    for _, _, record in records():
        seen = []
        map_quantities(record, lambda key, quantity, seen=seen: seen.append((key, quantity)) or quantity)
        assert seen == list(quantities_of(record))


def test_a_change_reaches_every_quantity_and_leaves_the_record_as_it_was():
    for _, _, record in records():
        before = list(quantities_of(record))
        changed = map_quantities(record, lambda _, quantity: ONE)
        assert [(key, ONE) for key, _ in before] == list(quantities_of(changed))
        assert list(quantities_of(record)) == before


def test_a_key_names_one_quantity():
    keys = [key for key, _ in load_catalogue().quantities()]
    assert len(keys) == len(set(keys))
    assert len(keys) > 1000


def test_a_key_is_the_path_to_what_stands_in_the_file():
    plain = load_catalogue().plain
    for collection, name, record in records():
        for key, _ in quantities_of(record):
            inner = plain[collection][name]
            *parents, last = key.split(".")
            for parent in parents:
                inner = inner[int(parent)] if isinstance(inner, list) else inner[parent]
            # A value of a series may stand for itself or under `value`.
            assert last == "value" if not isinstance(inner, dict | list) else last in inner or last == "value"


def test_law_and_countries_hold_thresholds_that_are_not_uncertain():
    for _, _, record in records():
        if isinstance(record, Rule | Country):
            assert list(quantities_of(record)) == []


def test_every_quantity_is_in_the_canonical_unit_and_says_where_it_is_from():
    for key, series in load_catalogue().quantities():
        assert isinstance(series, QUANTITY_TYPES), key
        for estimate in series.estimates:
            assert estimate.sources, key
            assert estimate.weight is not None, key
            assert estimate.published is not None, key


def test_parts_of_a_record_are_changed_alone():
    quantity = parse_quantity("2", Spec("1"))
    assert map_quantities({"a": (quantity, "text", 3)}, lambda _, q: ONE) == {"a": (ONE, "text", 3)}
    assert dict(quantities_of({"a": (quantity, "text")}, "top")) == {"top.a.0": quantity}
    observed = Observed(value=quantity)
    assert map_quantities(observed, lambda key, q: ONE if key == "value" else q).value is ONE
    assert isinstance(quantity, Quantity)
