"""YAML read into plain data that still knows the file, line and column of every value."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from autarky.errors import InputError, Problem

Plain = Any
"""Plain data from YAML: None, bool, int, float, str, list or dict with string keys."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.?(nan|inf|infinity)", re.IGNORECASE)
_ALIAS = re.compile(r"(?:^|[\s\[{,:-])\*[\w-]", re.MULTILINE)
_TAGS = frozenset(("null", "bool", "int", "float", "str", "timestamp", "merge", "value", "map", "seq"))
"""What plain YAML resolves to by itself; any other tag would ask for an object."""
LARGEST = 2**24
"""Bytes of a file that are read; a longer one was not written by hand."""
DEEPEST = 40
"""Levels of nesting that are read; what is meant as a scenario or a fact needs fewer than ten."""
_CONSTANTS: dict[str, Plain] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Document:
    """One YAML file: its plain data, and the tree that remembers where each value stood."""

    name: str
    data: Plain
    root: yaml.Node | None

    def place(self, at: Sequence[str | int]) -> str:
        """Return `file:line:column` of the value at the key path `at`, or of its nearest parent."""
        node, mark = self.root, self.root.start_mark if self.root else None
        for key in at:
            found = _child(node, key)
            if found is None:
                break
            node, mark = found
        return _place(self.name, mark) if mark else self.name


def _place(name: str, mark: Any) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(key):
                return value_node, key_node.start_mark
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key].start_mark
    return None


def read_document(path: Path, name: str | None = None) -> Document:
    """Return the document at `path`; `name` is what errors call it (default: the path as given)."""
    name = name or str(path)
    return parse_document(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """Return the text of a file in UTF-8 that somebody may have written by hand."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(Problem("no such file", place=name)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read ({error.strerror})", place=name)) from None
    if len(content) > LARGEST:
        raise InputError(Problem(f"longer than {LARGEST // 2**20} MiB", place=name, hint="is this the right file?"))
    return _decoded(content, name)


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(Problem("this file is in UTF-16", place=name, hint="save it as UTF-8"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"this is not text in UTF-8 (byte {content[error.start]:#04x})"
        before = content[: error.start].decode("utf-8", "replace")
        raise InputError(Problem(message, _place_after(before, name), hint="save it as UTF-8")) from None


def _place_after(before: str, name: str) -> str:
    lines = before.split("\n")
    return f"{name}:{len(lines)}:{len(lines[-1]) + 1}"


def parse_document(text: str, name: str) -> Document:
    """Return the document in `text`. Aliases, duplicate keys, NaN and non-text keys are errors."""
    try:
        if _ALIAS.search(text):
            _reject_aliases(text, name)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise InputError(_broken(error, text, name)) from None
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode("utf-8", "ignore")
        message = f"this is not text (control character {error.character:#04x})"
        raise InputError(Problem(message, _place_after(before, name), hint="save it as UTF-8 text")) from None
    problems: list[Problem] = []
    data = _plain(root, name, (), problems) if root is not None else None
    if problems:
        raise InputError(problems)
    return Document(name, data, root)


def _broken(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    mark, start = error.problem_mark, error.context_mark
    begun = ""
    if start and (mark is None or mark.index >= len(text.rstrip())):
        # What is never closed is found missing only at the end; the fault is where it was opened.
        mark = start
    elif start and mark and start.line != mark.line and error.context and error.context.startswith("while"):
        begun = f" begun in line {start.line + 1}"
    said = ", ".join(filter(None, (f"{error.context}{begun}" if error.context else "", error.problem)))
    place = _place(name, mark) if mark else name
    return Problem(f"broken YAML: {said}", place, hint="check indentation, colons, brackets and quotes here")


def _reject_aliases(text: str, name: str) -> None:
    # An alias can stand for a tree that stands for a tree: a short file then grows without bound.
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            message = f"YAML alias *{event.anchor} is not allowed"
            raise InputError(Problem(message, _place(name, event.start_mark), hint="write the value out"))


def _plain(node: yaml.Node, name: str, at: tuple[str | int, ...], problems: list[Problem]) -> Plain:
    tag = node.tag.removeprefix("tag:yaml.org,2002:")
    if tag not in _TAGS:
        problems.append(_problem(node, name, at, f"the YAML tag {tag} is not allowed", "write a plain value"))
        return None
    if len(at) > DEEPEST:
        problems.append(_problem(node, name, at[:3], f"nested more than {DEEPEST} levels deep", "flatten it"))
        return None
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Plain] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(_problem(key_node, name, at, "a key must be text", "write `key: value`"))
                continue
            if key in mapping:
                message = f"this key already stands in line {lines[key]}"
                problems.append(_problem(key_node, name, (*at, key), message, "keep one"))
                continue
            lines[key] = key_node.start_mark.line + 1
            mapping[key] = _plain(value_node, name, (*at, key), problems)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, name, (*at, index), problems) for index, item in enumerate(node.value)]
    return _scalar(node, name, at, problems)


def _scalar(node: yaml.Node, name: str, at: tuple[str | int, ...], problems: list[Problem]) -> Plain:
    # YAML 1.1 reads NO as false, 1:30 as 90 and 2025-12-02 as a date object; here they stay text.
    text: str = node.value
    if isinstance(node, yaml.ScalarNode) and node.style:
        return text
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            shown = text if len(text) <= 20 else f"{text[:20]}..."
            problems.append(_problem(node, name, at, f"{shown} is too large for a number", "give a finite value"))
            return None
        return int(text) if _INTEGER.fullmatch(text) else value
    if _NOT_A_NUMBER.fullmatch(text):
        problems.append(_problem(node, name, at, f"{text} is not a usable number", "give a finite value"))
        return None
    return text


def _problem(node: yaml.Node, name: str, at: Sequence[str | int], message: str, hint: str = "") -> Problem:
    return Problem(message, _place(name, node.start_mark), ".".join(map(str, at)), hint)
