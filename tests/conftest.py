"""Fixtures shared by the tests of the rules."""

import sys
from dataclasses import dataclass
from datetime import date
from importlib import resources

import pytest
import yaml

from autarky.cli import main
from autarky.facts.rule_records import Country, Rule
from autarky.rules import classify, classify_many, foundry_presumption


def _packaged(name):
    text = (resources.files("autarky.facts") / "data" / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


@dataclass(frozen=True)
class Law:
    """The packaged rules and countries, asked by ISO day; China is the destination unless another is named."""

    rules: dict
    countries: dict

    def __call__(self, chip, day, to="CN", **about):
        about = {"rules": self.rules, "countries": self.countries, **about}
        return classify(chip, to=to, date=date.fromisoformat(day), **about)

    def many(self, *args, day, **about):
        return classify_many(*args, date=date.fromisoformat(day), rules=self.rules, **about)

    def foundry(self, package, day, **about):
        return foundry_presumption(
            package, date=date.fromisoformat(day), rules=self.rules, countries=self.countries, **about
        )


@pytest.fixture(scope="session")
def law():
    rules = {name: Rule.model_validate(raw) for name, raw in _packaged("rules.yaml").items()}
    countries = {name: Country.model_validate(raw) for name, raw in _packaged("countries.yaml").items()}
    return Law(rules, countries)


@pytest.fixture
def command_line(monkeypatch, capsys):
    """Run the command line in this process; return (exit status, standard output, standard error)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["autarky", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return call
