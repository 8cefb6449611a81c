"""Vega-Lite specifications as inline SVG that cannot do anything but draw."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Self
from xml.etree import ElementTree

from markupsafe import Markup, escape

ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath"})
SHAPE = ("d", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy", "r", "width", "height", "transform", "viewBox")
LOOK = (
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-dasharray",
    "stroke-linejoin",
    "opacity",
    "text-anchor",
    "font-size",
    "font-weight",
)
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SPACE = "{http://www.w3.org/2000/svg}"
LONG_NUMBER = re.compile(r"-?\d*\.\d{2,}(?:e-?\d+)?")
DEFAULTS = {("opacity", "1"), ("stroke-width", "0"), ("fill-opacity", "1"), ("stroke-opacity", "1")}


class Drawing:
    """A chart in the making; it is finished by the time it is written into the page."""

    def __init__(self, svg: Future[Markup]) -> None:
        self._svg = svg

    def __html__(self) -> str:
        """Return the SVG element."""
        return self._svg.result()


class Studio:
    """Draws charts in the background while the numbers of the next ones are worked out."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def draw(self, spec: dict[str, Any], name: str, title: str, description: str, css_class: str = "") -> Drawing:
        """Return a specification as an SVG element that scales with its container and reads out its description.

        Parameters
        ----------
        name : unique in the page; the ids inside start with it
        """
        return Drawing(self._pool.submit(_drawn, spec, name, title, description, css_class))


def _drawn(spec: dict[str, Any], name: str, title: str, description: str, css_class: str) -> Markup:
    import vl_convert

    rows = spec.get("datasets", {})
    # Charts of one shape differ in their rows only: compiled without them, once, each takes half the time.
    shape = _compiled(json.dumps({**spec, "datasets": {name: [] for name in rows}}))
    data = [{**part, "values": rows[part["name"]]} if part["name"] in rows else part for part in shape["data"]]
    return inline(vl_convert.vega_to_svg({**shape, "data": data}), name, title, description, css_class)


@lru_cache(maxsize=64)
def _compiled(spec: str) -> dict[str, Any]:
    """Return a Vega-Lite specification as a Vega one."""
    import vl_convert

    return vl_convert.vegalite_to_vega(spec)


def inline(text: str, name: str, title: str, description: str, css_class: str = "") -> Markup:
    """Return SVG text with nothing but shapes and words left in it, labelled for a screen reader."""
    root = ElementTree.fromstring(NOT_XML.sub("", text))
    box = root.get("viewBox", "0 0 1 1")
    body = "".join(part for child in root for part in _written(child, name))
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="{escape(css_class)}" viewBox="{escape(box)}" '
        f'aria-labelledby="{escape(name)}-title {escape(name)}-desc">'
    )
    label = (
        f'<title id="{escape(name)}-title">{escape(title)}</title>'
        f'<desc id="{escape(name)}-desc">{escape(description)}</desc>'
    )
    return Markup(f"{opening}{label}{body}</svg>")


def _written(element: ElementTree.Element, name: str) -> Iterator[str]:
    tag = element.tag.removeprefix(SPACE)
    if tag not in ELEMENTS or _invisible(element, tag):
        return
    attributes = "".join(f' {key}="{value}"' for key, value in _attributes(element, name))
    children = "".join(part for child in element for part in _written(child, name))
    text = escape(element.text or "") if tag in ("text", "tspan") else ""
    if tag == "g" and not attributes:
        yield children
    elif children or text:
        yield f"<{tag}{attributes}>{text}{children}</{tag}>"
    elif tag not in ("g", "defs", "text", "tspan"):
        yield f"<{tag}{attributes}/>"


def _invisible(element: ElementTree.Element, tag: str) -> bool:
    if element.get("display") == "none":
        return True
    if tag == "path" and element.get("d", "") in ("", "M0,0h0v0h0Z"):
        return True
    unpainted = element.get("fill", "none") == "none" and element.get("stroke", "none") == "none"
    return tag == "path" and element.get("class") == "background" and unpainted


def _attributes(element: ElementTree.Element, name: str) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        if key == "id":
            yield key, escape(f"{name}-{value}")
        elif key == "clip-path" and (match := re.fullmatch(r"url\(#([\w-]+)\)", value)):
            yield key, escape(f"url(#{name}-{match[1]})")
        elif key in SHAPE:
            yield key, escape(LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value))
        elif key in LOOK and (key, value) not in DEFAULTS and "(" not in value:
            yield key, escape(value)
