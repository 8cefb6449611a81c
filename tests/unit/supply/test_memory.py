import numpy as np

from autarky.supply.memory import stacks_from_wafers


def test_perfect_yields_give_dies_over_layers():
    assert stacks_from_wafers(100.0, 480.0, 1.0, 8, 1.0) == 6000.0


def test_both_yields_multiply():
    assert stacks_from_wafers(100.0, 480.0, 0.5, 8, 0.25) == 750.0


def test_months_and_draws_broadcast():
    stacks = stacks_from_wafers(np.ones((4, 3)), np.array([400.0, 450.0, 500.0]), 0.5, 12, np.ones((4, 1)))
    assert stacks.shape == (4, 3)
    np.testing.assert_allclose(stacks[0], [400 / 24, 450 / 24, 500 / 24])
