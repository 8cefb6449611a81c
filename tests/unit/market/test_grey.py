import numpy as np
import pytest

from autarky.market.grey import by_chip, grey_imports, rented_abroad

FLOW = np.array([[100.0, 200.0]])


@pytest.mark.parametrize(
    ("multiple", "located", "evaded", "left"), [(1, 0, 0, 1.0), (0.5, 0, 0, 0.5), (1, 0.8, 0, 0.2), (1, 0.8, 0.5, 0.6)]
)
def test_enforcement_and_location_each_take_their_share(multiple, located, evaded, left):
    np.testing.assert_allclose(grey_imports(FLOW, multiple, located, evaded), FLOW * left)


def test_a_flow_is_split_by_weight_and_nothing_is_lost():
    parts = by_chip(FLOW, {"one": 3, "other": np.array([[1.0, 0.0]])})
    np.testing.assert_allclose(parts["one"], [[75, 200]])
    np.testing.assert_allclose(parts["one"] + parts["other"], FLOW)


def test_rent_follows_what_the_rules_leave_open():
    np.testing.assert_allclose(rented_abroad(FLOW, 0.25), FLOW / 4)
