"""Countries by code or name, and whether one lies in a named set on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.facts.rule_records import Countries, Country, Scope


@dataclass(frozen=True)
class Geography:
    """The countries, and the named sets that rules speak of."""

    countries: Countries
    scopes: Mapping[str, Scope]

    def code(self, name: str, field: str = "to") -> str:
        """Return the code of a country given by code, name or another name; unknown ones are an error."""
        found = self._names.get(name.strip().casefold())
        if found is None:
            hint = nearest(name, [*self.countries, *(c.label for c in self.countries.values())])
            raise UnknownKeyError(
                Problem(f"no country is called {name!r}", field=field, hint=hint or "give an ISO code such as CN")
            )
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for code, country in self.countries.items():
            for name in (country.label, *country.aliases, code):
                names[name.casefold()] = code
        return names

    def treated_as(self, code: str) -> str:
        """Return the country whose groups and rules a country takes; mostly itself."""
        return self.countries[code].treated_as or code

    def groups(self, code: str, day: date) -> frozenset[str]:
        """Return the country groups of a country on a day."""
        country: Country = self.countries[self.treated_as(code)]
        return country.groups_on(day)

    def within(self, code: str, scope_name: str, day: date) -> bool:
        """Return whether a country lies in a named set on a day."""
        scope = self._scope(scope_name)
        if scope.everywhere or self.treated_as(code) in scope.countries:
            return True
        groups = self.groups(code, day)
        return bool(groups & set(scope.groups)) and not groups & set(scope.except_groups)

    def _scope(self, name: str) -> Scope:
        if name not in self.scopes:
            raise UnknownKeyError(Problem(f"no set of countries is called {name!r}", hint=nearest(name, self.scopes)))
        return self.scopes[name]

    @cached_property
    def turning_days(self) -> tuple[date, ...]:
        """Return every day on which a country enters or leaves a group, rising."""
        days = {
            day
            for country in self.countries.values()
            for member in country.groups
            for day in (member.start, member.until)
            if day is not None
        }
        return tuple(sorted(days))
