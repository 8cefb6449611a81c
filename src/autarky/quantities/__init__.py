"""Numbers that know their unit, uncertainty, source and date, and how they are drawn together."""

from __future__ import annotations

from autarky.quantities.arrays import Array, MonthArray
from autarky.quantities.correlation import correlate
from autarky.quantities.draws import Streams
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.parse import AnyQuantity, Spec, parse_quantity
from autarky.quantities.paths import GrowthPath, LogisticPath, Path
from autarky.quantities.summary import weighted_mean, weighted_quantiles

__all__ = [
    "AnyQuantity",
    "Array",
    "Estimate",
    "GrowthPath",
    "LogisticPath",
    "MonthArray",
    "Path",
    "Quantity",
    "Spec",
    "Streams",
    "correlate",
    "parse_quantity",
    "weighted_mean",
    "weighted_quantiles",
]
