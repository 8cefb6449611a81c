"""A result as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autarky.analysis.condition import Fit
from autarky.fiscal import fiscal_quarters
from autarky.measures import define
from autarky.sufficiency import share_json
from autarky.tokens import capability_json

if TYPE_CHECKING:
    from autarky.result import Result


def to_json(result: Result) -> dict[str, Any]:
    """Return the result as one plain object: settings, targets, measures by year, bottleneck, fit."""
    measures: dict[str, dict[str, Any]] = {}
    for name, measure, scope in result.breakdown():
        definition = define(measure)
        measures[name] = {
            "unit": definition.unit,
            "definition": definition.text,
            "scope": scope,
            "by_year": result.by_year(measure, scope),
        }
    measures |= share_json(result)
    return {
        "scenario": result.settings.name,
        "as_of": result.settings.as_of,
        "draws": result.settings.draws,
        "seed": result.settings.seed,
        "version": result.settings.version,
        "catalogue": result.settings.catalogue,
        "prior": result.weights is None,
        "targets": [vars(target) for target in result.target_results],
        "measures": measures,
        "bottleneck": result.bottleneck(),
        "fiscal_quarters": fiscal_quarters(result),
        "capability": capability_json(result),
        "fit": fit_json(result.fit),
        "notes": list(result.notes),
    }


def fit_json(fit: Fit | None) -> dict[str, Any] | None:
    """Return how well the history fits as plain data."""
    if fit is None:
        return None
    return {
        "usable": fit.usable,
        "effective_draws": fit.effective_draws,
        "pareto_k": fit.pareto_k,
        "observations": {
            check.name: {
                "label": check.label,
                "unit": check.unit,
                "before": list(check.before),
                "after": list(check.after),
                "none_right": check.none_right,
                "reports": [{**vars(report), "sources": list(report.sources)} for report in check.reports],
            }
            for check in fit.checks
        },
    }
