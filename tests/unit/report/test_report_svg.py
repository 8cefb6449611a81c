from xml.etree import ElementTree

from autarky.report.charts import PANEL, SEGMENTS, fan, fan_with_events, intervals, stacked_shares, with_data
from autarky.report.names import web_address
from autarky.report.svg import Studio, inline

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">{}</svg>'
HOSTILE = "<script>alert(1)</script>"
POINT = {"p5": 1.0, "p25": 2.0, "p50": 3.0, "p75": 4.0, "p95": 5.0}


def cleaned(body):
    return str(inline(SVG.format(body), "chart", "Title", "Description"))


def drawn(spec):
    with Studio() as studio:
        return studio.draw(spec, "chart", "Title", "Description").__html__()


def test_nothing_but_shapes_and_words_is_left():
    text = cleaned(
        '<script>alert(1)</script><foreignObject><p>x</p></foreignObject><image href="http://example.com/a.png"/>'
        '<a xlink:href="javascript:alert(1)"><rect width="1" height="1"/></a><style>@import "http://example.com"</style>'
        '<rect width="3" height="4" onclick="alert(1)" style="fill:url(http://example.com)" fill="url(http://example.com)"/>'
    )
    assert "alert" not in text
    assert "example.com" not in text
    assert '<rect width="3" height="4"/>' in text


def test_a_label_stays_text():
    spec = with_data(
        intervals(1, PANEL),
        rows=[{"label": HOSTILE, "low": 1, "middle": 2, "high": 3, "fill": "#000000", "bound": False, "note": HOSTILE}],
    )
    text = drawn(spec)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert [element.tag for element in ElementTree.fromstring(text).iter() if "script" in element.tag] == []


def test_title_and_description_are_read_out_and_stay_text():
    text = str(inline(SVG.format(""), "chart", HOSTILE, HOSTILE))
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    named = [element.get("id") for element in root if element.text == HOSTILE]
    assert root.get("aria-labelledby").split() == named


def test_ids_are_those_of_the_chart():
    clip = '<defs><clipPath id="clip0"><rect width="1" height="1"/></clipPath></defs>'
    text = cleaned(f'{clip}<g clip-path="url(#clip0)"><rect width="2" height="2"/></g>')
    assert 'id="chart-clip0"' in text
    assert 'clip-path="url(#chart-clip0)"' in text


def test_characters_that_xml_forbids_are_dropped():
    assert "ab" in cleaned("<text>a\x00\x0bb</text>")


def test_every_chart_can_be_drawn_from_no_rows_and_from_one():
    empty = {name: [] for name in ("years", "band", "stems", "reports", "targets", "events")}
    one = {
        "years": [{"x": 2025.0}],
        "band": [{"x": 2025.5, **POINT}],
        "stems": [{"x": 2025.5, **POINT}],
        "reports": [{"x": 2025.5, "low": 1, "high": 3, "value": 2, "bound": True, "letter": "a"}],
        "targets": [{"x": 2025.5, "from": 2025.1, "to": 2025.9, "low": 3, "middle": 4, "high": 5, "text": "3 × 2024"}],
        "events": [{"x": 2025.2, "lane": 0, "number": "1"}],
    }
    for data in (empty, one):
        assert drawn(with_data(fan(2025.0, 2026.0, PANEL), **data))
        assert drawn(with_data(fan_with_events(2025.0, 2026.0, PANEL, 1), **data))
    assert ">3 × 2024</text>" in drawn(with_data(fan(2025.0, 2026.0, PANEL), **one))
    assert ">1</text>" in drawn(with_data(fan_with_events(2025.0, 2026.0, PANEL, 1), **one))
    share = {"x": 2025.1, "x2": 2025.9, "low": 0.0, "high": 1.0, "fill": SEGMENTS[0]}
    letter = {"x": 2025.5, "y": 0.5, "letter": "A", "fill": "#ffffff"}
    assert ">A</text>" in drawn(with_data(stacked_shares(2025.0, 2026.0, PANEL), shares=[share], letters=[letter]))


def test_only_web_addresses_become_links():
    assert web_address("https://example.com/a?b=c#d") == "https://example.com/a?b=c#d"
    assert web_address(" http://example.com ") == "http://example.com"
    for address in (
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x.org",
        "",
    ):
        assert web_address(address) == ""
    assert web_address("http://[broken") == ""
