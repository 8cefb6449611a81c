"""From class to licence: who needs one, which exception serves, how an application is reviewed.

Order of reading: what is done with the item; embargoes; the destination; headquarters; company letters;
exceptions; review. End-user lists (part 744 apart from the headquarters rule) are not modelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.facts.rule_records import Lane, Letter, LicenceException, Review
from autarky.rules.active import RuleSet
from autarky.rules.geography import Geography
from autarky.rules.lines import all_true, any_true, meets_all, meets_any
from autarky.rules.metrics import Measures

REQUIRED, NOT_REQUIRED, EXCEPTION = "required", "not required", "exception"
UNDETERMINED, NOT_APPLICABLE = "undetermined", "not applicable"


@dataclass(frozen=True)
class Situation:
    """A transaction: from where (`route`) to where, for whom, what is done, on which day, under which rules."""

    day: date
    to: str
    headquarters: str
    route: str
    activity: str
    recipient: str | None
    geography: Geography
    rules: RuleSet

    def destination_in(self, scope: str | None) -> bool:
        """Return whether the destination lies in a named set; no set holds nothing."""
        return scope is not None and self.geography.within(self.to, scope, self.day)

    def headquarters_in(self, scope: str | None) -> bool:
        """Return whether the recipient or its ultimate parent is headquartered in a named set."""
        return scope is not None and self.geography.within(self.headquarters, scope, self.day)

    def party_in(self, scope: str | None) -> bool:
        """Return whether the destination or the headquarters lie in a named set."""
        return self.destination_in(scope) or self.headquarters_in(scope)


@dataclass(frozen=True)
class Item:
    """What is shipped: its measures and what is known of its purpose, maker and market; None is unknown."""

    chip: Measures
    data_centre: bool | None
    maker: str | None = None
    us_available: bool | None = None


@dataclass(frozen=True)
class Caught:
    """What company letters say of an item: True, False, or None where its numbers leave it open."""

    answer: bool | None
    letters: tuple[tuple[str, Letter], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """The legal standing of one class in one situation."""

    licence: str
    exception: str | None = None
    review: str = NOT_APPLICABLE
    box: str = NOT_APPLICABLE
    reasons: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    """Rules under which licences for such items were issued."""
    used: tuple[str, ...] = ()


@dataclass
class _Notes:
    reasons: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    programmes: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Need:
    embargo: bool
    by_destination: bool
    by_headquarters: bool

    @property
    def any(self) -> bool:
        return self.embargo or self.by_destination or self.by_headquarters


def caught_by_letters(item: Item, situation: Situation) -> Caught:
    """Return whether a company letter of the day catches the item on its way to this destination or party.

    A letter that speaks of equivalents is read as catching any maker's chip; one that does not, only the chips
    of the makers it went to. A chip of unknown maker is taken to be one of theirs.
    """
    answers: list[bool | None] = []
    found: list[tuple[str, Letter]] = []
    warnings: list[str] = []
    for name, letter in situation.rules.letters(situation.day) if item.chip.subject == "chip" else ():
        if not (situation.destination_in(letter.destinations) or situation.headquarters_in(letter.headquarters)):
            continue
        answer = meets_any(letter.any, item.chip if letter.host_link else item.chip.without_host())
        if letter.data_centre is not None:
            fits = None if item.data_centre is None else item.data_centre == letter.data_centre
            answer = all_true([answer, fits])
        if answer is not False:
            stranger = letter.addressees and item.maker is not None and item.maker not in letter.addressees
            if stranger:
                went_to = ", ".join(letter.addressees)
                warnings.append(f"{name} went to {went_to}; it is not known to have gone to {item.maker}")
            if stranger and letter.reach == "addressees":
                continue
            found.append((name, letter))
        answers.append(answer)
    return Caught(any_true(answers), tuple(found), tuple(warnings))


def standing(name: str, item: Item, situation: Situation, caught: Caught) -> Standing:
    """Return licence, exception, review and lane of an item of class `name` ("none" included)."""
    rules = situation.rules
    activity = rules.activity(situation.activity, situation.day)
    if not activity.needs_licence:
        return Standing(NOT_REQUIRED, reasons=(activity.text,))
    if situation.to == rules.home:
        return Standing(NOT_REQUIRED, reasons=("no export: the destination is the country whose law this is",))
    notes = _Notes()
    need = _need(name, situation, notes)
    if caught.answer is not False:
        for rule, _ in caught.letters:
            notes.reasons.append(f"{'caught' if caught.answer else 'possibly caught'} by {rule}")
            notes.used.append(rule)
    if not need.any and caught.answer is False:
        return Standing(NOT_REQUIRED, reasons=tuple(notes.reasons), used=tuple(notes.used))
    exception = _exception(name, item, situation, need, caught, notes)
    box = _box(name, item, situation)
    review = _review(name, item, situation, need, caught, box, notes)
    notes.reasons += _programmes(name, situation, need, caught, box, notes)
    return Standing(
        licence=_licence(need, exception, caught),
        exception=exception.name if exception is not None else None,
        review=review,
        box=box,
        reasons=tuple(dict.fromkeys(notes.reasons)),
        conditions=tuple(dict.fromkeys(notes.conditions)),
        programmes=tuple(dict.fromkeys(notes.programmes)),
        used=tuple(dict.fromkeys(notes.used)),
    )


def _licence(need: _Need, exception: LicenceException | None, caught: Caught) -> str:
    if exception is not None:
        return EXCEPTION if caught.answer is False or not need.by_destination else UNDETERMINED
    return REQUIRED if need.any or caught.answer else UNDETERMINED


def _need(name: str, situation: Situation, notes: _Notes) -> _Need:
    embargo = by_destination = by_headquarters = False
    freed = _listed(situation)
    for rule, requirement in situation.rules.licences(situation.day):
        if not requirement.any_item and name not in requirement.classes:
            continue
        destination = situation.destination_in(requirement.destinations)
        headquarters = situation.headquarters_in(requirement.headquarters)
        if destination and freed and not requirement.any_item:
            notes.reasons.append(f"{situation.recipient} is listed as free of the licence for {situation.to}")
            notes.used.append(rule)
            destination = False
        if destination:
            notes.reasons.append(f"licence for {situation.to}: {requirement.basis}")
            notes.used.append(rule)
        elif headquarters and situation.headquarters != situation.to:
            notes.reasons.append(f"licence for a party headquartered in {situation.headquarters}: {requirement.basis}")
            notes.used.append(rule)
        embargo |= requirement.any_item and destination
        by_destination |= destination
        by_headquarters |= headquarters
    return _Need(embargo, by_destination, by_headquarters)


def _listed(situation: Situation) -> bool:
    """Return whether the recipient is listed as free of its destination's licence on the day."""
    if situation.recipient is None:
        return False
    every = {listed.name for rule in situation.rules.rules.values() for listed in rule.listed_recipients}
    if situation.recipient not in every:
        hint = nearest(situation.recipient, every) or f"listed: {', '.join(sorted(every))}"
        raise UnknownKeyError(
            Problem(f"no listed recipient is called {situation.recipient!r}", field="recipient", hint=hint)
        )
    return any(
        listed.name == situation.recipient and situation.destination_in(listed.destination)
        for _, listed in situation.rules.listed_recipients(situation.day)
    )


def _exception(
    name: str, item: Item, situation: Situation, need: _Need, caught: Caught, notes: _Notes
) -> LicenceException | None:
    if need.embargo or not need.any:
        return None
    for rule, exception in situation.rules.exceptions(situation.day):
        if exception.party_in is not None and not situation.party_in(exception.party_in):
            continue
        if exception.party_outside is not None and situation.party_in(exception.party_outside):
            continue
        covered = [_covers(part.data_centre, item) for part in exception.items if part.name == name]
        limits = [meets_all(part.all, item.chip) for part in exception.items if part.name == name]
        if True not in limits:
            if None in limits:
                notes.reasons.append(f"exception {exception.name} depends on numbers that are known only within bounds")
            continue
        if covered == [None]:
            # An exception must be shown to apply, and an unknown purpose does not show it.
            notes.reasons.append(f"exception {exception.name} depends on whether it is for data centres")
        elif True in covered and caught.answer is True:
            notes.reasons.append(f"exception {exception.name} is barred where part 744 needs a licence")
        elif True in covered:
            notes.used.append(rule)
            notes.reasons.append(f"exception {exception.name}")
            notes.conditions.extend(exception.conditions)
            return exception
    return None


def _covers(for_centres: bool | None, item: Item) -> bool | None:
    if for_centres is None:
        return True
    return None if item.data_centre is None else item.data_centre == for_centres


def _lane(name: str, situation: Situation) -> tuple[str, Lane] | None:
    for rule, lane in situation.rules.lanes(situation.day):
        on_route = situation.destination_in(lane.destinations) and situation.route in lane.routes
        if name in lane.classes and on_route:
            return rule, lane
    return None


def _box(name: str, item: Item, situation: Situation) -> str:
    lane = _lane(name, situation)
    if lane is None:
        return NOT_APPLICABLE
    return {True: "in", False: "out", None: UNDETERMINED}[meets_all(lane[1].all, item.chip)]


def _review(name: str, item: Item, situation: Situation, need: _Need, caught: Caught, box: str, notes: _Notes) -> str:
    policies: list[str] = []
    for rule, review in situation.rules.reviews(situation.day) if need.any else ():
        fits = _fits(review, name, item, situation, box)
        if fits is False:
            continue
        policies.append(review.policy)
        notes.used.append(rule)
        notes.reasons.append(f"{review.policy}: {review.basis}")
        lane = _lane(name, situation) if review.lane else None
        notes.conditions.extend(lane[1].conditions if lane is not None else ())
        if fits:
            break
    if not need.any and caught.answer:
        policies.append(caught.letters[0][1].policy)
    for rule, record in situation.rules.active(situation.day):
        if record.conditions:
            notes.used.append(rule)
            notes.conditions.extend(record.conditions)
    return policies[0] if len(set(policies)) == 1 else UNDETERMINED


def _fits(review: Review, name: str, item: Item, situation: Situation, box: str) -> bool | None:
    if not review.any_item and name not in review.classes:
        return False
    if review.destinations is not None and not situation.destination_in(review.destinations):
        return False
    if review.party_in is not None and not situation.party_in(review.party_in):
        return False
    if review.headquarters_outside is not None and situation.headquarters_in(review.headquarters_outside):
        return False
    answers: list[bool | None] = [_covers(review.data_centre, item)]
    if review.lane:
        answers.append({"in": item.us_available is not False, UNDETERMINED: None}.get(box, False))
    return all_true(answers)


def _programmes(name: str, situation: Situation, need: _Need, caught: Caught, box: str, notes: _Notes) -> Iterator[str]:
    """Yield the terms of licences issued under the lane, or under the letter where nothing else needs a licence."""
    lane = _lane(name, situation) if box == "in" else None
    under = [lane[0]] if lane is not None else []
    if caught.answer and not need.any:
        under += [rule for rule, _ in caught.letters]
    for rule, record in situation.rules.active(situation.day):
        for programme in record.programmes:
            if programme.under in under:
                notes.used.append(rule)
                notes.programmes.append(rule)
                yield f"{rule}: licences for {', '.join(programme.products)}: {programme.terms}"
