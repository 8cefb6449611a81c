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
    from autarky.engine import run as run
    from autarky.facts.loader import load_catalogue as load_catalogue
    from autarky.result import Result as Result

# Loaded when first used: `import autarky` alone stays fast.
_HOMES = {
    "Result": "autarky.result",
    "load_catalogue": "autarky.facts.loader",
    "run": "autarky.engine",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'autarky' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
