"""The rules of the house: imports point up the list of rooms, and some things are done in one room only."""

import ast
from pathlib import Path

import pytest

import autarky
from autarky.facts.loader import load_catalogue

SOURCE = Path(autarky.__file__).parent

HOUSE = (
    # The version alone stands in the package itself.
    "autarky",
    "errors",
    "limits",
    "atomic",
    "quantities",
    "facts",
    "rules",
    "supply",
    "market",
    "systems",
    "workloads",
    "scenario",
    "equivalents",
    "measures",
    "questions",
    "simulate_levers",
    "simulate_fabs",
    "simulate_imports",
    "simulate_choice",
    "simulate_market",
    "simulate",
    "capability",
    "elsewhere",
    "counting",
    "fiscal",
    "sufficiency",
    "tokens",
    "targets",
    "result_json",
    "result",
    "engine",
    "analysis",
    "plan_inputs",
    "planning",
    "serving_figures",
    "serving_refusals",
    "serving_plans",
    "system_comparison",
    "run_conditions",
    "run_sizing",
    "run_plans",
    "storage_capability",
    "storage",
    "export",
    "workbook",
    "report",
    "app",
    "terminal_text",
    "terminal_capability",
    "terminal",
    "terminal_comparison",
    "terminal_plans",
    "terminal_serving",
    "terminal_runs",
    "terminal_rules",
    "command_options",
    "fact_commands",
    "serve_command",
    "plan_commands",
    "rule_commands",
    "compare_commands",
    "sweep",
    "cli",
)
"""Rooms and single files from the top; each may import from itself and from those above it."""

EXCEPTIONS = {
    # The catalogue checks that a placement formula or a yield model exists; who knows them is the stage.
    ("facts.references", "supply.dies"),
    ("facts.references", "supply.yields"),
    # The weights of the draws and how well the past fits are part of a result; conditioning makes them.
    ("result", "analysis.condition"),
    ("result_json", "analysis.condition"),
    ("engine", "analysis.condition"),
    # `result.save()` and its like are written by the files below, when called.
    ("result", "storage"),
    ("result", "export"),
    # An Excel file holds the tables of `export`, which hands over to its writer only when one is asked for.
    ("export", "workbook"),
}
"""(module, module below it that it imports)."""

MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
        path.read_text(encoding="utf-8")
    )
    for path in sorted(SOURCE.rglob("*.py"))
    if path != SOURCE / "__init__.py"
}
STAGES = (
    "supply",
    "market",
    "systems",
    "workloads",
    "simulate",
    "simulate_levers",
    "simulate_fabs",
    "simulate_imports",
    "simulate_choice",
    "simulate_market",
    "fiscal",
    "sufficiency",
)


def room_of(module):
    return module.partition(".")[0]


def for_types_only(tree):
    """Return the nodes that only a type checker runs."""
    guarded = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    return {id(inner) for node in guarded for inner in ast.walk(node)}


def exists(module):
    path = SOURCE.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def imported_names(tree):
    """Yield the dotted name of everything that a module imports, late imports included."""
    skipped = for_types_only(tree)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(tree):
    """Yield the modules of autarky that a module imports, without `autarky.`."""
    for name in imported_names(tree):
        if name.split(".")[0] != "autarky":
            continue
        inner = name.removeprefix("autarky").removeprefix(".")
        parent = inner.rpartition(".")[0]
        yield "autarky" if not inner or not (exists(inner) or parent) else inner if exists(inner) else parent


def downward(module, tree):
    """Yield the imports that point down the list."""
    here = HOUSE.index(room_of(module))
    yield from (target for target in own_imports(tree) if HOUSE.index(room_of(target)) > here)


def test_every_file_has_its_place_in_the_list():
    assert {room_of(module) for module in MODULES} <= set(HOUSE)
    assert len(HOUSE) == len(set(HOUSE))


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_up_the_list(module):
    pointing_down = {(module, target) for target in downward(module, MODULES[module])}
    assert pointing_down <= EXCEPTIONS


def test_every_exception_is_still_one():
    found = {(module, target) for module, tree in MODULES.items() for target in downward(module, tree)}
    assert found >= EXCEPTIONS


def test_the_check_of_imports_can_fail():
    tree = ast.parse("def late():\n    from autarky.cli import main\n")
    assert list(downward("quantities.units", tree)) == ["cli"]
    assert list(downward("cli", ast.parse("from autarky.quantities import units"))) == []


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        # Only facts read YAML; a scenario is read through them.
        ("yaml", {"facts.yaml_tree"}),
        ("pint", {"quantities.units"}),
        ("xarray", {"storage", "export", "result"}),
        ("pandas", set()),
        ("matplotlib", set()),
    ],
)
def test_a_package_is_used_in_its_own_place_only(package, homes):
    users = {
        module
        for module, tree in MODULES.items()
        if any(name.split(".")[0] == package for name in imported_names(tree))
    }
    assert users <= homes


def test_only_quantities_make_random_numbers():
    for module, tree in MODULES.items():
        if room_of(module) == "quantities":
            continue
        assert "random" not in {name.split(".")[0] for name in imported_names(tree)}, module
        attributes = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert not [name for name in attributes if name.startswith(("np.random", "numpy.random"))], module
        assert not [name for name in imported_names(tree) if name.startswith(("numpy.random", "scipy.stats"))], module


def names_of_the_world():
    """Return ids and names of chips, fabs, vendors and countries."""
    collections = load_catalogue().collections
    names = {
        name for kind in ("chips", "fabs", "die_banks", "memory_supplies", "countries") for name in collections[kind]
    }
    fields = ("vendor", "operator", "country", "designed_in", "dedicated_to", "foundry")
    for record in (record for entries in collections.values() for record in entries.values()):
        names |= {getattr(record, field, None) for field in fields}
    return names - {None, "", "all"}


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module) in STAGES])
def test_no_stage_knows_a_country_a_vendor_or_a_chip(module):
    texts = {
        node.value
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not texts & names_of_the_world()
