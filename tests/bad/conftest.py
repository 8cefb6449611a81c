from pathlib import Path

import pytest

from autarky.scenario import resolve
from small_catalogue import small_catalogue

HERE = Path(__file__).parent


@pytest.fixture
def bad(monkeypatch):
    """Work in this folder, so that errors name files from here, on the small catalogue."""
    monkeypatch.chdir(HERE)
    monkeypatch.setattr(resolve, "load_catalogue", small_catalogue)
    return HERE
