"""The presumption that binds fabs and assemblers: advanced logic is 3A090.a until shown otherwise.

Source: Note 1 to 3A090.a, 15 CFR 774 Supplement 1. It binds the front-end fab and the assembler and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from autarky.facts.rule_records import Countries, FoundryPresumption, Rules
from autarky.rules.active import RuleSet
from autarky.rules.geography import Geography


@dataclass(frozen=True, kw_only=True)
class LogicPackage:
    """A logic die on its way from fab to finished package. None is unknown; an unknown way out does not serve.

    `transistors` is the aggregated approximated count of the final package. `designer_below_3a090`: the designer
    attests a TPP and density outside 3A090.a. `packager` is "fab", "approved" or "other".
    """

    node_nm: float | None
    non_planar: bool | None
    transistors: float | None = None
    high_bandwidth_memory: bool | None = None
    packager: str = "other"
    packaged_in: str | None = None
    designer_headquarters: str | None = None
    designer_located_in: str | None = None
    designer_approved: bool = False
    designer_reports: bool = False
    designer_applied: date | None = None
    designer_below_3a090: bool | None = None


@dataclass(frozen=True)
class FoundryAnswer:
    """Whether the presumption holds, and why; None of the class follows from it for anyone else."""

    presumed: bool
    reason: str


def foundry_presumption(
    package: LogicPackage, *, date: date, rules: Rules, countries: Countries, switches: Iterable[str] = ()
) -> FoundryAnswer:
    """Return whether a fab or assembler must presume that a package is 3A090.a and for data centres on a day.

    The year of `date` is taken as the year in which the export is completed.
    """
    chosen = RuleSet(rules, frozenset(switches))
    geography = Geography(countries, chosen.scopes)
    for _, rule in chosen.in_order:
        if rule.foundry is None:
            continue
        begins = rule.dates.compliance or rule.dates.effective
        if begins is not None and date < begins:
            return FoundryAnswer(False, f"no presumption before {begins}")
        return _presumption(package, date, rule.foundry, geography, chosen)
    return FoundryAnswer(False, "no rule presumes anything")


def _presumption(
    package: LogicPackage, day: date, rule: FoundryPresumption, geography: Geography, chosen: RuleSet
) -> FoundryAnswer:
    advanced_node = package.node_nm is None or package.node_nm <= rule.node_nm
    if not advanced_node and package.non_planar is False:
        return FoundryAnswer(False, f"above {rule.node_nm:g} nm with planar transistors: not advanced logic")
    if package.designer_below_3a090 and package.designer_approved:
        return FoundryAnswer(False, "an approved designer attests that it is outside 3A090.a")
    if package.designer_below_3a090 and _authorized(package, day, rule, geography):
        return FoundryAnswer(False, "an authorized designer attests that it is outside 3A090.a")
    limit = _limit(package, day.year, rule, chosen)
    counted = package.packager == "approved" or (
        package.packager == "fab"
        and package.packaged_in is not None
        and not geography.within(geography.code(package.packaged_in, "packaged_in"), rule.packaged_outside, day)
    )
    if counted and package.transistors is not None and package.transistors < limit:
        return FoundryAnswer(False, f"{package.transistors:g} transistors in the package, below {limit:g}")
    return FoundryAnswer(True, "none of the three ways out serves")


def _limit(package: LogicPackage, year: int, rule: FoundryPresumption, chosen: RuleSet) -> float:
    memory = package.high_bandwidth_memory is not False
    fitting = [
        limit
        for limit in rule.limits
        if limit.high_bandwidth_memory == memory
        and (limit.first_year is None or limit.first_year <= year)
        and (limit.last_year is None or year <= limit.last_year)
        and (not limit.option or limit.option in chosen.switches)
    ]
    # A reading that is switched on goes before the default one of the same year.
    fitting.sort(key=lambda limit: not limit.option)
    return fitting[0].below


def _authorized(package: LogicPackage, day: date, rule: FoundryPresumption, geography: Geography) -> bool:
    if package.designer_headquarters is None or not package.designer_reports:
        return False
    headquarters = geography.code(package.designer_headquarters, "designer_headquarters")
    located = geography.code(package.designer_located_in or headquarters, "designer_located_in")
    for terms in rule.authorized:
        if not terms.holds(day) or not geography.within(headquarters, terms.headquarters, day):
            continue
        if geography.within(headquarters, terms.not_from, day) or geography.within(located, terms.not_from, day):
            continue
        if not terms.applied:
            return True
        applied = package.designer_applied
        lapses = terms.lapses_after_days
        return applied is not None and applied <= day and (lapses is None or day < applied + timedelta(days=lapses))
    return False
