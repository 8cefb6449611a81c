"""Questions of the public debate as data: which figures of which scenarios answer each."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import Field, ValidationError

from autarky.errors import ScenarioError
from autarky.facts.faults import validation_problems
from autarky.facts.fields import Part
from autarky.facts.yaml_tree import Document, read_document

FILE = "debate.yaml"


class Figure(Part):
    """One figure of an answer, by year."""

    say: str
    measure: str
    scope: dict[str, str] = Field(default_factory=dict)
    within: str = Field(alias="in")
    """The scenario whose figure it is."""
    against: str | None = None
    """The scenario whose figure is taken off."""
    of: dict[str, str] | None = None
    """Scope of the whole of which the figure is a share."""
    below: dict[str, str] | None = None
    """Scope of the amount that the measure may be below; the figure is how likely that is."""
    years: tuple[int, ...]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Return the scenarios that the figure needs."""
        return (self.within,) if self.against is None else (self.within, self.against)

    @property
    def asked(self) -> tuple[tuple[str, dict[str, str]], ...]:
        """Return every measure and scope that the figure needs."""
        scopes = [self.scope, *(scope for scope in (self.of, self.below) if scope is not None)]
        return tuple((self.measure, scope) for scope in scopes)


class DebateQuestion(Part):
    """What is asked, and the figures that answer it."""

    ask: str
    figures: tuple[Figure, ...]


def debate() -> dict[str, DebateQuestion]:
    """Return the questions that come with autarky, by id."""
    document = read_document(Path(str(resources.files("autarky.scenario") / FILE)), FILE)
    return {name: _question(name, raw, document) for name, raw in document.data.items()}


def _question(name: str, raw: object, document: Document) -> DebateQuestion:
    try:
        return DebateQuestion.model_validate(raw)
    except ValidationError as error:
        raise ScenarioError(
            list(validation_problems(error, DebateQuestion, name, lambda at: document.place((name, *at))))
        ) from None
