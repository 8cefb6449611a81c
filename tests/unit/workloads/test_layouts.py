"""Layouts of a server: the text that names one, what it takes, and which do not work."""

import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.layouts import joined, layouts, parse_layout, why_not
from autarky.workloads.reference import reference_model


def test_experts_are_divided_by_what_expert_parallelism_leaves():
    # 8 x 4 devices, experts over 16 of them: each expert over two.
    made = layouts(tensor=8, data=4, expert=16)
    assert made.devices.tolist() == [32.0]
    assert made.describe(0) == {"tp": 8, "dp": 4, "pp": 1, "mtp": 2, "ep": 16}


def test_columns_broadcast_and_can_be_joined_and_taken():
    made = joined([layouts(tensor=[1, 2, 4]), layouts(data=8, expert=8, pipeline=2)])
    assert len(made) == 4
    assert made.take(made.devices > 3).devices.tolist() == [4.0, 16.0]


def test_a_text_fixes_the_fields_that_it_names():
    assert parse_layout("tp=8, dp=4,ep=32") == {"tensor": 8.0, "data": 4.0, "expert": 32.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tq=8", "not a field of a layout"),
        ("tp", "not a field of a layout"),
        ("tp=0", "a whole number from 1"),
        ("tp=-1", "a whole number from 1"),
        ("tp=2.5", "a whole number from 1"),
        ("tp=2,tp=4", "given twice"),
    ],
)
def test_a_text_that_names_no_layout_says_why(text, message):
    with pytest.raises(InputError, match=message):
        parse_layout(text)


def test_what_breaks_a_layout_is_named():
    config = reference_model("deepseek-v3").config
    broken = why_not(layouts(tensor=[8, 72, 1, 1], data=[1, 1, 640, 1], expert=[8, 1, 640, 1]), config, devices=8)
    assert broken["the heads of attention do not divide"].tolist() == [False, True, False, False]
    assert broken["more expert parts than experts"].tolist() == [False, False, True, False]
    assert broken["does not use the devices"].tolist() == [False, True, True, True]


def test_a_dense_model_can_be_laid_out_over_more_devices_than_it_has_key_heads():
    # Llama 3 70B has 8 key heads and 64 query heads: 16 devices share the queries and copy the keys.
    config = reference_model("llama-3-70b").config
    assert not any(np.any(where) for where in why_not(layouts(tensor=16), config).values())
