"""The report of the flagship in a real browser, on a phone's and on a desk's width."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

import autarky
from autarky.analysis.counterfactuals import Effect, against, side
from autarky.analysis.debate import answers, asked_of
from autarky.facts.loader import load_catalogue
from autarky.report.comparison_page import write_comparison
from autarky.report.page import write_report
from autarky.report.what_if import WhatIf, wanted
from autarky.scenario.debate import debate

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
)
PHONE, DESK = (360, 800), (1280, 900)
SMALLEST_TEXT = 11
"""CSS pixels that the smallest words in a chart may have on a phone."""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PROBE = """
<script>
addEventListener("error", (event) => errors.push(String(event.message)));
const errors = [];
addEventListener("load", () => {
  const shown = [...document.querySelectorAll("svg[role=img]")].filter((svg) => svg.getClientRects().length > 0);
  const sizes = shown.flatMap((svg) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map((text) => scale * parseFloat(getComputedStyle(text).fontSize));
  });
  const box = document.querySelector(".filter input");
  if (box) {
    box.value = "smic-7nm capacity";
    box.dispatchEvent(new Event("input"));
  }
  const rows = [...document.querySelectorAll(".inputs [data-row]")];
  const inside = (element) => element.closest(".scroll, pre, svg, .skip, .away");
  const beyond = (element) => element.getBoundingClientRect().right > innerWidth + 1;
  const wide = [...document.querySelectorAll("body *")].filter((element) => !inside(element) && beyond(element));
  const report = {
    errors,
    innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    wide: wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)),
    charts: shown.length,
    narrow: shown.filter((svg) => svg.classList.contains("narrow")).length,
    large: shown.filter((svg) => svg.classList.contains("wide")).length,
    smallest: Math.min(...sizes),
    found: rows.filter((row) => !row.hidden).map((row) => row.querySelector("code").textContent),
    rows: rows.length,
  };
  parent.postMessage(JSON.stringify(report), "*");
});
</script>
"""
# A window cannot be as narrow as a phone where the page is dumped; a frame can.
FRAME = """<!DOCTYPE html>
<script>
addEventListener("message", (event) => {{ document.getElementById("probe").textContent = event.data; }});
</script>
<iframe src="probe.html" style="border: 0; width: {}px; height: {}px"></iframe>
<pre id="probe"></pre>
"""


@pytest.fixture(scope="module")
def browser():
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium found: `make test` installs it on Debian, or `apt-get install chromium`")
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(autarky.run(draws=512), load_catalogue(), path)


def browse(browser, page: Path, folder: Path, size, *options):
    """Return what the browser writes to standard output and to standard error."""
    width, height = size
    profile = folder / "profile"
    command = [
        browser,
        *FLAGS,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        *options,
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout.decode(), done.stderr.decode()


def probe(browser, page: Path, folder: Path):
    """Return what a script finds at both widths, inside a copy of the page without the policy that would stop it."""
    text, removed = POLICY.subn("", page.read_text(encoding="utf-8"))
    assert removed == 1
    (folder / "probe.html").write_text(text.replace("</title>", f"</title>{PROBE}", 1), encoding="utf-8")
    frame = folder / "frame.html"
    found = {}
    for size in (PHONE, DESK):
        frame.write_text(FRAME.format(*size), encoding="utf-8")
        dom, _ = browse(browser, frame, folder, (1400, 1000), "--dump-dom", "--virtual-time-budget=10000")
        found[size] = json.loads(unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]))
    return found


@pytest.fixture(scope="module")
def probed(browser, report, tmp_path_factory):
    """What a script finds in the report at both widths."""
    return probe(browser, report, tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """The page of two counterfactuals, one of which changes the supply and one the market."""
    result = autarky.run(draws=64, prior=True)
    asked = [*wanted(result), *asked_of(debate().values())]
    a, others = side(result, asked), ["h20-never-stopped", "hbm-without-control"]
    found = list(against(a, others, asked=asked, draws=64, prior=True))
    sides = {one.b.settings.name: one.b for one in found} | {a.settings.name: a}
    what_if = WhatIf(tuple(map(Effect.of, found)), tuple(answers(debate(), sides, a)))
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    return write_comparison(a, what_if, load_catalogue(), path, ["autarky", "compare"])


@pytest.fixture(scope="module")
def compared(browser, comparison, tmp_path_factory):
    """What a script finds in the page of a comparison at both widths."""
    return probe(browser, comparison, tmp_path_factory.mktemp("probe"))


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_page_of_a_comparison_fits_the_window_and_can_be_read(compared, size):
    found = compared[size]
    assert (found["innerWidth"], found["wide"], found["errors"]) == (size[0], [], [])
    assert found["scrollWidth"] <= size[0]
    assert found["charts"] > 5
    assert found["smallest"] >= SMALLEST_TEXT


def test_the_page_of_a_comparison_obeys_its_own_policy(browser, comparison, tmp_path):
    dom, log = browse(browser, comparison, tmp_path, DESK, "--dump-dom")
    assert "CONSOLE" not in log
    assert "Which gate binds now" in dom
    assert comparison.stat().st_size < 1.5e6


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_nothing_is_wider_than_the_window(probed, size):
    assert probed[size]["innerWidth"] == size[0]
    assert probed[size]["wide"] == []
    assert probed[size]["scrollWidth"] <= size[0]


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_no_script_fails(probed, size):
    assert probed[size]["errors"] == []


def test_each_chart_with_two_sizes_shows_one_of_them(probed):
    phone, desk = probed[PHONE], probed[DESK]
    assert phone["charts"] == desk["charts"] > 20
    assert (phone["large"], desk["narrow"]) == (0, 0)
    assert phone["narrow"] == desk["large"] > 2


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_words_in_charts_are_large_enough_to_read(probed, size):
    assert probed[size]["smallest"] >= SMALLEST_TEXT


def test_the_inputs_can_be_searched(probed):
    found = probed[DESK]["found"]
    assert "fabs.smic-7nm.capacity" in found
    assert len(found) < probed[DESK]["rows"] / 4


def test_the_page_obeys_its_own_policy_and_its_script_runs(browser, report, tmp_path):
    dom, log = browse(browser, report, tmp_path, DESK, "--dump-dom")
    assert "CONSOLE" not in log
    assert '<label class="filter">' in dom


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_page_can_be_pictured(browser, report, tmp_path, size):
    picture = tmp_path / "page.png"
    browse(browser, report, tmp_path, size, f"--screenshot={picture}")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == size[0]
    assert len(content) > 20_000
