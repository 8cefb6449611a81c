"""autarky: from wafer to usable AI compute, with a source for every number.

import autarky
result = autarky.run("china-ai-chips")
result.target_results
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from autarky import storage
    from autarky.analysis.compare import compare as compare
    from autarky.analysis.design_space import design as design
    from autarky.engine import law as law
    from autarky.engine import run as run
    from autarky.facts.loader import load_catalogue as load_catalogue
    from autarky.planning import plan_training as plan_training
    from autarky.result import Result as Result
    from autarky.rules.answers import classify as classify
    from autarky.run_plans import plan_run as plan_run
    from autarky.serving_plans import plan_serving as plan_serving
    from autarky.system_comparison import compare_systems as compare_systems

    load_result = storage.load
    save_result = storage.save

# Loaded when first used: `import autarky` alone stays fast. A name may differ from the one in its module.
_HOMES = {
    "Result": "autarky.result",
    "classify": "autarky.rules.answers",
    "compare": "autarky.analysis.compare",
    "compare_systems": "autarky.system_comparison",
    "design": "autarky.analysis.design_space",
    "law": "autarky.engine",
    "load_catalogue": "autarky.facts.loader",
    "load_result": "autarky.storage:load",
    "plan_run": "autarky.run_plans",
    "plan_serving": "autarky.serving_plans",
    "plan_training": "autarky.planning",
    "run": "autarky.engine",
    "save_result": "autarky.storage:save",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'autarky' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute or name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
