"""A small scenario made of one report's own inputs, run through the ordinary stages."""

from functools import cached_property

import pytest

import autarky

COLLECTIONS = ("fabs", "die_banks", "memory_supplies", "products")


class Report:
    """Inputs as a report prints them, every one exact; chips are made where nothing but these inputs binds."""

    def __init__(self, first, last=None, reference_chip=None):
        self.horizon = {"start": f"{first}-01", "end": f"{last or first}-12"}
        self.over = {"from": f"{first}-01", "until": f"{(last or first) + 1}-01"}
        self.period = str(last or first)
        self.reference_chip = reference_chip
        self.facts = {}

    def add(self, collection, name, **fields):
        self.facts.setdefault(collection, {})[name] = {"label": f"{name}, as reported", **fields}
        return self

    def die(self, name, **fields):
        return self.add("dies", name, **fields)

    def fab(self, name, capacity, dies, **fields):
        return self.add("fabs", name, operator="reported", country="CN", capacity=capacity, dies=dies, **fields)

    def bank(self, name, die, amount):
        return self.add("die_banks", name, die=die, deliveries=[{**self.over, "amount": amount}])

    def stacks(self, name, memory_type, amount):
        deliveries = [{**self.over, "amount": amount}]
        return self.add("memory_supplies", name, memory_type=memory_type, country="KR", deliveries=deliveries)

    def line(self, name, **fields):
        return self.add("packaging_lines", name, country="CN", **fields)

    def chip(self, name, dies, *, vendor="reported", designed_in="CN", about=None, line="unlimited", **made):
        parts = [{"die": die, "count": count} for die, count in dies.items()]
        about = {"vendor": vendor, "designed_in": designed_in, "status": "shipped", "dies": parts, **(about or {})}
        self.add("chips", name, **about)
        return self.add("products", name, line=line, **made)

    @cached_property
    def result(self):
        scenario = {
            "label": "a worked estimate",
            "horizon": self.horizon,
            "chain": {collection: list(self.facts.get(collection, {})) for collection in COLLECTIONS},
            "facts": self.facts,
        }
        if self.reference_chip:
            scenario["reference_chip"] = self.reference_chip
        return autarky.run(scenario, draws=1, workers=1)

    def total(self, measure, **scope):
        """Return a flow over the whole horizon, or a stock at its end."""
        return float(sum(self.result.by_period(measure, year, scope)[0] for year in self.result.years))


@pytest.fixture(scope="session")
def report():
    return Report
