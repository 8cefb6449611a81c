"""The presumption that binds fabs and assemblers, and the ways out of it."""

from datetime import date

import pytest

from autarky.rules import LogicPackage

ADVANCED = {"node_nm": 7, "non_planar": True}


def test_advanced_logic_is_presumed_controlled_from_the_compliance_day(law):
    package = LogicPackage(**ADVANCED)
    assert law.foundry(package, "2025-01-30").presumed is False
    assert law.foundry(package, "2025-01-31").presumed is True


def test_older_planar_logic_is_not(law):
    assert law.foundry(LogicPackage(node_nm=28, non_planar=False), "2025-06-01").presumed is False
    assert law.foundry(LogicPackage(node_nm=16, non_planar=False), "2025-06-01").presumed is True
    assert law.foundry(LogicPackage(node_nm=22, non_planar=True), "2025-06-01").presumed is True
    assert law.foundry(LogicPackage(node_nm=None, non_planar=None), "2025-06-01").presumed is True


def test_an_approved_designer_attests(law):
    package = LogicPackage(**ADVANCED, designer_approved=True, designer_below_3a090=True)
    assert law.foundry(package, "2025-06-01").presumed is False
    assert law.foundry(LogicPackage(**ADVANCED, designer_approved=True), "2025-06-01").presumed is True


def test_authorized_designers_need_an_application_after_2026(law):
    def package(headquarters, **more):
        return LogicPackage(
            **ADVANCED,
            designer_headquarters=headquarters,
            designer_reports=True,
            designer_below_3a090=True,
            **more,
        )

    assert law.foundry(package("TW"), "2026-12-31").presumed is False
    assert law.foundry(package("DE"), "2026-12-31").presumed is False
    assert law.foundry(package("TW"), "2027-01-01").presumed is True
    applied = package("TW", designer_applied=date(2027, 1, 15))
    assert law.foundry(applied, "2027-02-01").presumed is False
    assert law.foundry(applied, "2027-08-01").presumed is True
    for headquarters in ("CN", "SG", "MO"):
        assert law.foundry(package(headquarters), "2026-06-01").presumed is True
    assert law.foundry(package("TW", designer_located_in="CN"), "2026-06-01").presumed is True


@pytest.mark.parametrize(
    ("day", "memory", "transistors", "presumed"),
    [
        ("2025-06-01", True, 29.9e9, False),
        ("2025-06-01", True, 30e9, True),
        ("2025-06-01", False, 29.9e9, False),
        ("2025-06-01", False, 34.9e9, True),
        ("2027-06-01", False, 34.9e9, False),
        ("2027-06-01", False, 35e9, True),
        ("2027-06-01", True, 34.9e9, True),
        ("2028-06-01", False, 34.9e9, False),
        ("2029-06-01", False, 39.9e9, False),
        ("2030-06-01", False, 40e9, True),
        ("2025-06-01", None, 34.9e9, True),
    ],
)
def test_transistor_counts(law, day, memory, transistors, presumed):
    package = LogicPackage(**ADVANCED, transistors=transistors, high_bandwidth_memory=memory, packager="approved")
    assert law.foundry(package, day).presumed is presumed


def test_the_year_that_the_text_forgets_can_be_read_literally(law):
    package = LogicPackage(**ADVANCED, transistors=32e9, high_bandwidth_memory=False, packager="approved")
    assert law.foundry(package, "2028-06-01").presumed is False
    assert law.foundry(package, "2028-06-01", switches=["foundry-2028-literal"]).presumed is True
    assert law.foundry(package, "2029-06-01", switches=["foundry-2028-literal"]).presumed is False


def test_who_packages_and_where(law):
    def package(packager, place=None):
        return LogicPackage(**ADVANCED, transistors=1e9, packager=packager, packaged_in=place)

    assert law.foundry(package("fab", "TW"), "2025-06-01").presumed is False
    assert law.foundry(package("fab", "CN"), "2025-06-01").presumed is True
    assert law.foundry(package("fab"), "2025-06-01").presumed is True
    assert law.foundry(package("other", "TW"), "2025-06-01").presumed is True
