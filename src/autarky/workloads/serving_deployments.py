"""Servers that fill a system: all alike, or some for prompts and others for generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from autarky.quantities.arrays import Array
from autarky.workloads import layouts
from autarky.workloads.layouts import Layouts
from autarky.workloads.serving_load import Load, Served, apart, together
from autarky.workloads.serving_memory import most_sequences
from autarky.workloads.serving_points import Index
from autarky.workloads.serving_question import Question


@dataclass(frozen=True)
class Together:
    """Servers that work on prompts and generate: layouts and the number of each, shapes (plan,).

    A load is that of one server.
    """

    question: Question
    then: Layouts
    servers: Array

    def run(self, which: Index, concurrency: Array) -> Served:
        """Return what one server does with requests in flight."""
        return together(self.then.take(which), self.question.setting, _load(self.question, concurrency))

    def most_requests(self) -> Array:
        """Return the requests that the memory of one server holds."""
        return np.maximum(most_sequences(self.then, self.question.setting, self.question.context) * self.then.data, 1.0)

    def times(self) -> Array:
        """Return the servers that a load counts for."""
        return self.servers

    def used(self) -> Array:
        """Return the packages that work."""
        return self.servers * self.then.devices / self.question.setting.devices

    def take(self, index: Index) -> Together:
        """Return some of the deployments."""
        return Together(self.question, self.then.take(index), self.servers[index])

    def kind(self, index: int) -> tuple[object, ...]:
        """Return what deployments of one kind share."""
        return ("together", float(self.then.devices[index]), float(self.then.tensor[index]))

    def describe(self) -> dict[str, object]:
        """Return the first deployment under the names of `--plan`."""
        return {**self.then.describe(0), "servers": int(self.servers[0])}


@dataclass(frozen=True)
class Apart:
    """Servers for prompts, `first`, and for generation, `then`, and the number of each, shapes (plan,)."""

    question: Question
    then: Layouts
    first: Layouts
    prompts: Array
    answers: Array

    def run(self, which: Index, concurrency: Array) -> Served:
        """Return what all servers do with requests in flight."""
        return apart(
            self.first.take(which),
            self.then.take(which),
            self.question.setting,
            _load(self.question, concurrency),
            prefill_workers=self.prompts[which],
            decode_workers=self.answers[which],
        )

    def most_requests(self) -> Array:
        """Return the most requests that are worth having: what memory holds, and as many whose prompts are read."""
        room = most_sequences(self.then, self.question.setting, self.question.context)
        return np.maximum(2.0 * room * self.then.data * self.answers, 1.0)

    def times(self) -> Array:
        """Return 1: a load is that of all servers."""
        return np.ones(len(self.then))

    def used(self) -> Array:
        """Return the packages that work."""
        devices = self.prompts * self.first.devices + self.answers * self.then.devices
        return devices / self.question.setting.devices

    def take(self, index: Index) -> Apart:
        """Return some of the deployments."""
        return Apart(
            self.question, self.then.take(index), self.first.take(index), self.prompts[index], self.answers[index]
        )

    def kind(self, index: int) -> tuple[object, ...]:
        """Return what deployments of one kind share."""
        return ("apart", float(self.then.devices[index]), float(self.then.tensor[index]))

    def describe(self) -> dict[str, object]:
        """Return the first deployment under the names of `--plan`."""
        sides = (("prefill", self.first, self.prompts), ("decode", self.then, self.answers))
        return {
            f"{side}.{key}": value
            for side, layouts, count in sides
            for key, value in (*layouts.describe(0).items(), ("servers", int(count[0])))
        }


Deployments: TypeAlias = Together | Apart


def as_one(parts: Sequence[Deployments]) -> Deployments:
    """Return several deployments of one kind as one set."""
    first = parts[0]
    then = layouts.joined([part.then for part in parts])
    if isinstance(first, Together):
        return Together(
            first.question, then, np.concatenate([part.servers for part in parts if isinstance(part, Together)])
        )
    pairs = [part for part in parts if isinstance(part, Apart)]
    return Apart(
        first.question,
        then,
        layouts.joined([part.first for part in pairs]),
        np.concatenate([part.prompts for part in pairs]),
        np.concatenate([part.answers for part in pairs]),
    )


def _load(question: Question, concurrency: Array) -> Load:
    return Load(concurrency, question.prompt, question.answer, question.reused)
