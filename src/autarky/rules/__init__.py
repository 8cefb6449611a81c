"""Export-control law on advanced chips: metrics, class, licence status, review, on dated and cited rules."""

from autarky.rules.active import RuleSet
from autarky.rules.classification import Classification, NextChange, classify
from autarky.rules.foundry import FoundryAnswer, LogicPackage, foundry_presumption
from autarky.rules.many import ManyClasses, classify_many
from autarky.rules.metrics import ChipSpec, Die, HbmStack, Measures, measures

__all__ = [
    "ChipSpec",
    "Classification",
    "Die",
    "FoundryAnswer",
    "HbmStack",
    "LogicPackage",
    "ManyClasses",
    "Measures",
    "NextChange",
    "RuleSet",
    "classify",
    "classify_many",
    "foundry_presumption",
    "measures",
]
