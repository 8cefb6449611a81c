"""Collectives against values that can be done by hand."""

import numpy as np
import pytest

from autarky.systems.collectives import all_gather, all_reduce, all_to_all, dispatch, point_to_point
from autarky.systems.network import Network, Plane, group

SWITCH = Network(Plane(100.0, 0.0), 8, Plane(10.0, 0.0))
MESH = Network(Plane(70.0, 0.0, "mesh", peer=10.0), 8, Plane(10.0, 0.0))


def one(value):
    return np.array([float(value)])


def among(size, stride, network):
    return group(one(size), one(stride), network)


def test_a_group_inside_a_domain_gathers_over_scale_up_alone():
    assert all_gather(one(800.0), among(8, 1, SWITCH), SWITCH)[0] == pytest.approx(800 * 7 / 8 / 100)


def test_a_group_over_two_domains_shares_the_scale_out_links_of_its_members():
    # 8 of 16 members in each domain: each domain takes in half of the data over 8 links.
    assert all_gather(one(1600.0), among(16, 1, SWITCH), SWITCH)[0] == pytest.approx(
        max(1600 * 15 / 16 / 100, 800 / 80)
    )


def test_members_in_domains_of_their_own_have_one_link_each():
    found = among(4, 8, SWITCH)
    assert found.inside[0] == 1
    assert all_gather(one(400.0), found, SWITCH)[0] == pytest.approx(400 * 3 / 4 / 10)


def test_a_sum_takes_twice_as_long_as_a_gathering():
    both = among(16, 1, SWITCH)
    assert all_reduce(one(64.0), both, SWITCH) == pytest.approx(2 * all_gather(one(64.0), both, SWITCH))


def test_a_pair_in_a_mesh_has_one_link_and_a_full_group_all_of_them():
    assert all_gather(one(20.0), among(2, 1, MESH), MESH)[0] == pytest.approx(20 / 2 / 10)
    assert all_gather(one(80.0), among(8, 1, MESH), MESH)[0] == pytest.approx(80 * 7 / 8 / 70)
    assert point_to_point(one(20.0), one(1), MESH)[0] == pytest.approx(2.0)


def test_all_to_all_sends_what_stays_inside_over_scale_up_and_the_rest_outside():
    found = all_to_all(one(160.0), among(16, 1, SWITCH), SWITCH)[0]
    assert found == pytest.approx(max(160 * 7 / 16 / 100, 160 * 8 / 16 / 10))


def test_a_token_sent_once_crosses_between_two_domains_less_often():
    sixteen = among(16, 1, SWITCH)
    each = dispatch(one(160.0), 8, sixteen, SWITCH, once=False)[0]
    once = dispatch(one(160.0), 8, sixteen, SWITCH, once=True)[0]
    assert each == pytest.approx(8.0)
    assert once == pytest.approx(160 / 8 * (1 - 0.5**8) / 10)


def test_a_torus_makes_bytes_cross_several_links():
    torus = Network(Plane(100.0, 0.0, "torus", axes=2), 256, None)
    flat = Network(Plane(100.0, 0.0), 256, None)
    assert all_to_all(one(1.0), among(256, 1, torus), torus) == pytest.approx(
        8 * all_to_all(one(1.0), among(256, 1, flat), flat)
    )


def test_without_scale_out_a_group_over_two_domains_never_ends():
    alone = Network(Plane(100.0, 0.0), 8, None)
    assert np.isinf(all_gather(one(1.0), among(16, 1, alone), alone)[0])
    assert np.isinf(point_to_point(one(1.0), one(8), alone)[0])


@pytest.mark.parametrize("size", [2, 4, 8, 16, 64])
def test_more_bandwidth_never_makes_a_collective_slower(size):
    fast = Network(Plane(200.0, 0.0), 8, Plane(20.0, 0.0))
    for operation in (all_gather, all_reduce, all_to_all):
        assert operation(one(1.0), among(size, 1, fast), fast) <= operation(one(1.0), among(size, 1, SWITCH), SWITCH)
