"""Weights for draws from what was published about the past, and how well the two fit.

Reports of one amount are alternatives: with probability `none_right` all are wrong, otherwise one is right and the
others say nothing. Different observations multiply. A report's own distribution states its error; as a likelihood it
counts per unit of the logarithm, against a wrong report that lies anywhere within `wrong_report_range`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from autarky.analysis.psis import pareto_k
from autarky.errors import QuantityError
from autarky.facts.catalogue import value_of
from autarky.facts.records import Observation, Pooling
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Estimate
from autarky.quantities.summary import ess, weighted_mean, weighted_quantiles

LARGEST_K = 0.7
"""Pareto k above which weighted draws cannot be trusted (Vehtari et al. 2024)."""
FEWEST_DRAWS = 200
"""Effective draws below which a posterior is not printed: a probability then has a standard error up to 3.5 points."""

TENSION = 5.0
"""A report whose probability of being right falls by this factor is in tension with the rest."""


@dataclass(frozen=True)
class Report:
    """One publication about an observed amount, before and after conditioning."""

    sources: tuple[str, ...]
    value: float
    bound: bool
    """True where the publication states an upper bound."""
    prior: float
    """Its share of the weight before the model spoke, 0 to 1."""
    posterior: float
    """Probability that it is the right one, given the model and all evidence, 0 to 1."""

    @property
    def in_tension(self) -> bool:
        """Whether the model and the other evidence make it much less likely to be right."""
        return self.prior > TENSION * self.posterior


@dataclass(frozen=True)
class Check:
    """One observation against the model: quantiles p5, p50, p95 before and after, and its reports."""

    name: str
    label: str
    unit: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    none_right: float
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class Fit:
    """What conditioning did."""

    weights: Array
    effective_draws: float
    pareto_k: float
    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool:
        """True when the weighted draws can be printed as a posterior."""
        return self.pareto_k <= LARGEST_K and self.effective_draws >= FEWEST_DRAWS


def reports_of(observation: Observation, as_of: date | None) -> list[tuple[Estimate, bool]]:
    """Return the publications known by a day, each with whether it is an upper bound."""
    result: list[tuple[Estimate, bool]] = []
    for quantity, bound in ((observation.estimates, False), (observation.at_most, True)):
        known = quantity if quantity is None or as_of is None else quantity.known_by(as_of)
        result.extend((estimate, bound) for estimate in (known.estimates if known else ()))
    return result


def likelihoods(values: Array, reports: Sequence[tuple[Estimate, bool]], pooling: Pooling) -> Array:
    """Return the weighted likelihood of each report and, last, of none being right, (report + 1, draw).

    Parameters
    ----------
    values : (draw,), the amount as the model has it, in the observation's unit
    """
    none_right = value_of(pooling.none_right)
    width = np.log(value_of(pooling.wrong_report_range))
    shares = np.array([1.0 if e.weight is None else e.weight for e, _ in reports])
    shares = (1.0 - none_right) * shares / shares.sum()
    positive = np.maximum(values, np.finfo(float).tiny)
    rows = [
        share * (1.0 - e.distribution.cdf(values) if bound else e.distribution.pdf(positive) * positive * width)
        for share, (e, bound) in zip(shares, reports, strict=True)
    ]
    return np.stack([*rows, np.full(values.shape, none_right)])


def condition(
    observed: Mapping[str, tuple[Observation, Array]], pooling: Pooling, as_of: date | None = None
) -> Fit | None:
    """Return weights for the draws given observations, or None where nothing was known.

    Parameters
    ----------
    observed : observation id -> (observation, the model's value of it (draw,))
    """
    known = {name: (o, v, r) for name, (o, v) in observed.items() if (r := reports_of(o, as_of))}
    if not known:
        return None
    likelihood = {name: likelihoods(values, reports, pooling) for name, (_, values, reports) in known.items()}
    with np.errstate(divide="ignore"):
        log_weights = np.sum([np.log(rows.sum(axis=0)) for rows in likelihood.values()], axis=0)
    if np.isneginf(log_weights.max()):
        raise QuantityError(
            "the evidence is impossible in every draw", "let pooling.default.none_right be above 0, or draw more"
        )
    weights = np.exp(log_weights - log_weights.max())
    weights *= weights.size / weights.sum()
    checks = tuple(
        _check(name, observation, values, reports, likelihood[name], weights)
        for name, (observation, values, reports) in known.items()
    )
    return Fit(weights, ess(weights), pareto_k(log_weights), checks)


def _check(
    name: str,
    observation: Observation,
    values: Array,
    reports: Sequence[tuple[Estimate, bool]],
    likelihood: Array,
    weights: Array,
) -> Check:
    total = likelihood.sum(axis=0)
    # Where nothing at all is possible the draw has no weight, and so no say.
    right = weighted_mean(likelihood / np.where(total > 0, total, 1.0), weights)
    shares = np.array([1.0 if e.weight is None else e.weight for e, _ in reports])
    levels = (0.05, 0.5, 0.95)
    before, after = weighted_quantiles(values, levels), weighted_quantiles(values, levels, weights)
    return Check(
        name=name,
        label=observation.label,
        unit=observation.unit,
        before=(float(before[0]), float(before[1]), float(before[2])),
        after=(float(after[0]), float(after[1]), float(after[2])),
        none_right=float(right[-1]),
        reports=tuple(
            Report(e.sources, float(e.distribution.ppf(np.array([0.5]))[0]), bound, float(share), float(chance))
            for (e, bound), share, chance in zip(reports, shares / shares.sum(), right, strict=False)
        ),
    )
