"""What a base can do adds up over its chips, and more chips never do less."""

import numpy as np
import pytest

import autarky

ADDED_UP = (
    "installed.h100e.training",
    "installed.h100e.prefill",
    "installed.h100e.decode",
    "capability.training",
    "capability.prefill",
    "capability.decode",
    "installed.power",
    "installed.energy",
)


@pytest.fixture(scope="module")
def flagship():
    return autarky.run("china-ai-chips", draws=64, prior=True)


@pytest.fixture(scope="module")
def more():
    # The grey channel takes nothing from anyone else, so all else stays as it is.
    flow = {"grey_channels.china.flow": "900k chip/month"}
    return autarky.run("china-ai-chips", draws=64, prior=True, overrides=flow)


def test_the_flagship_knows_what_its_base_can_do(flagship):
    assert set(ADDED_UP) <= set(flagship.measures)
    assert {f"relative.{name}.world" for name in flagship.worth} <= {name for name, _, _ in flagship.shares}


@pytest.mark.parametrize("measure", ADDED_UP)
def test_the_base_is_the_sum_of_its_parts(flagship, measure):
    whole = flagship.by_period(measure, "2027")
    for tag in ("vendor", "origin"):
        values = {tags[tag] for tags in flagship.tags.by_entity["installed"].values()}
        parts = sum(flagship.by_period(measure, "2027", {tag: value}) for value in values)
        np.testing.assert_allclose(parts, whole, rtol=1e-5)


@pytest.mark.parametrize("measure", ADDED_UP)
def test_nothing_is_negative_or_undefined(flagship, measure):
    values = flagship.monthly(measure)
    assert np.isfinite(values).all()
    assert (values >= 0).all()


@pytest.mark.parametrize("measure", ADDED_UP)
def test_more_chips_never_do_less(flagship, more, measure):
    assert (more.by_period("grey.chips", "2027") > flagship.by_period("grey.chips", "2027")).all()
    assert (more.by_period(measure, "2027") > flagship.by_period(measure, "2027")).all()


def test_a_month_of_a_stock_in_h100e_is_the_same_under_every_way_of_asking(flagship):
    for measure in ("installed.h100e.decode", "capability.training", "installed.power"):
        np.testing.assert_allclose(
            flagship.monthly(measure)[-1], flagship.by_period(measure, "2029-12"), rtol=1e-6
        )  # fmt: skip


def test_ready_software_changes_what_chips_do_and_not_what_they_are():
    ready = {f"software_readiness.{name}.share": "100%" for name in ("cann", "other-chinese-stacks")}
    # What is made does not depend on software; what is bought does.
    plain = autarky.run("china-ai-chips", draws=64, prior=True)
    parity = autarky.run("china-ai-chips", draws=64, prior=True, overrides=ready)
    for measure in ("production.chips", "production.h100e.tpp"):
        np.testing.assert_array_equal(plain.by_period(measure, "2027"), parity.by_period(measure, "2027"))
    for task in ("training", "prefill", "decode"):
        name = f"production.h100e.{task}"
        assert (parity.by_period(name, "2027") > plain.by_period(name, "2027")).all()


def test_equal_seeds_give_equal_bits_whatever_the_blocks(flagship):
    again = autarky.run("china-ai-chips", draws=64, prior=True, block=17, workers=2)
    for measure in ADDED_UP:
        np.testing.assert_array_equal(again.by_period(measure, "2028"), flagship.by_period(measure, "2028"))
