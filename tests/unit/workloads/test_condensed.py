import pytest

from autarky.errors import QuantityError
from autarky.workloads.condensed import written_list


def test_alternation_repeats_the_kinds_in_turn():
    assert written_list("alternating a, b; 2 of each") == ["a", "b", "a", "b"]


def test_counts_are_spread_evenly():
    kinds = written_list("25 sliding_attention, 5 full_attention (every sixth is full)")
    assert len(kinds) == 30
    assert kinds.count("full_attention") == 5
    assert all("full_attention" in kinds[start : start + 6] for start in range(0, 30, 6))


def test_numbers_and_repeats_are_spelt_out():
    text = "62 entries: 128,128,then 4,128 repeated 29 times,then 4,0 (last one is the extra prediction layer)"
    assert written_list(text) == ["128", "128", *["4", "128"] * 29, "4", "0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5 entries: 1, 2", "the list says 5 entries and spells out 2"),
        ("5 entries: 1, x", "cannot read '1, x' in a list"),
        ("some layers", "cannot read the list described as 'some layers'"),
        ("2 a, 3 a", "a kind of layer is counted twice"),
        ("4 entries: 1, 2 repeated twice", "cannot read '1, 2 repeated twice' in a list"),
    ],
)
def test_what_does_not_add_up_is_refused(text, message):
    with pytest.raises(QuantityError) as caught:
        written_list(text)
    assert message in str(caught.value)
