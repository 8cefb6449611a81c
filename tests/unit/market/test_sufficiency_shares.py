import numpy as np
import pytest

from autarky.market.self_sufficiency import definitions, self_sufficiency, share_of

# Designed and made here; designed here, made abroad; designed abroad, made here; imported; through the grey channel.
DESIGNED = (True, True, False, False, False)
MADE = (True, False, True, False, False)
GREY = (False, False, False, False, True)
CHIPS = np.array([30.0, 20.0, 10.0, 40.0, 100.0])


@pytest.mark.parametrize(
    ("own", "with_grey", "share"),
    [
        ("designed", False, 0.5),
        ("made", False, 0.4),
        ("either", False, 0.6),
        ("designed", True, 0.25),
        ("made", True, 0.2),
        ("either", True, 0.3),
    ],
)
def test_each_definition_has_its_own_answer(own, with_grey, share):
    answer = self_sufficiency(CHIPS, DESIGNED, MADE, GREY, own=own, with_grey=with_grey)
    assert answer.defined
    assert answer.values == pytest.approx(share)


def test_over_nothing_it_is_not_defined_and_no_number_is_nan():
    amounts = np.array([[0.0, 3.0], [0.0, 1.0]])
    answer = self_sufficiency(amounts, [True, False], [True, False], [False, False], own="designed", with_grey=False)
    np.testing.assert_array_equal(answer.defined, [False, True])
    np.testing.assert_array_equal(answer.values, [0.0, 0.75])


def test_with_grey_chips_alone_it_is_defined_only_where_they_count():
    amounts = np.array([0.0, 5.0])
    where = [
        bool(
            self_sufficiency(
                amounts, [True, False], [True, False], [False, True], own="made", with_grey=counted
            ).defined
        )
        for counted in (False, True)
    ]
    assert where == [False, True]


def test_a_region_without_chips_of_its_own_has_none():
    answer = self_sufficiency(np.array([7.0]), [False], [False], [False], own="either", with_grey=True)
    assert answer.defined
    assert answer.values == 0


def test_the_matrix_is_whole_and_every_cell_has_a_name_and_words_of_its_own():
    matrix = definitions(("tpp", "dense_8bit"))
    assert len(matrix) == 4 * 2 * 3 * 2
    assert len({cell.name for cell in matrix}) == len({cell.text for cell in matrix}) == len(matrix)
    assert matrix[0].name == "self_sufficiency.units.flow.designed.without_grey"


def test_a_share_never_passes_one():
    assert share_of(np.array([1.0 + 1e-15]), np.array([1.0])).values[0] == 1.0
