"""YAML read into plain data that still knows the file, line and column of every value."""

from __future__ import annotations

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
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name


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
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(Problem("no such file", place=name)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read ({error.strerror})", place=name)) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(
            f"not a text file (byte {error.start} is not UTF-8)", place=name, hint="save it as UTF-8 YAML"
        )
        raise InputError(problem) from None
    return parse_document(text, name)


def parse_document(text: str, name: str) -> Document:
    """Return the document in `text`. Aliases, duplicate keys, NaN and non-text keys are errors."""
    try:
        if _ALIAS.search(text):
            _reject_aliases(text, name)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        message = f"broken YAML: {error.problem or error.context}"
        raise InputError(
            Problem(message, place=place, hint="check indentation, colons and quotes on this line")
        ) from None
    except yaml.YAMLError as error:
        raise InputError(Problem(f"broken YAML: {error}", place=name)) from None
    except RecursionError:
        raise InputError(Problem("nested too deeply", place=name)) from None
    problems: list[Problem] = []
    data = _plain(root, name, (), problems) if root is not None else None
    if problems:
        raise InputError(problems)
    return Document(name, data, root)


def _reject_aliases(text: str, name: str) -> None:
    # An alias can stand for a tree that stands for a tree: a short file then grows without bound.
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise InputError(
                Problem(
                    f"YAML alias *{event.anchor} is not allowed",
                    place=f"{name}:{mark.line + 1}:{mark.column + 1}",
                    hint="write the value out",
                )
            )


def _plain(node: yaml.Node, name: str, at: tuple[str | int, ...], problems: list[Problem]) -> Plain:
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(_problem(key_node, name, at, "a key must be text"))
                continue
            if key in mapping:
                problems.append(_problem(key_node, name, (*at, key), "this key stands twice", "keep one"))
                continue
            mapping[key] = _plain(value_node, name, (*at, key), problems)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, name, (*at, index), problems) for index, item in enumerate(node.value)]
    return _scalar(node, name, at, problems)


def _scalar(node: yaml.Node, name: str, at: tuple[str | int, ...], problems: list[Problem]) -> Plain:
    # YAML 1.1 reads NO as false, 1:30 as 90 and 2025-12-02 as a date object; here they stay text.
    text: str = node.value
    if node.style:
        return text
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            problems.append(_problem(node, name, at, f"{text} is too large for a number"))
        return value
    if _NOT_A_NUMBER.fullmatch(text):
        problems.append(_problem(node, name, at, f"{text} is not a usable number", "give a finite value"))
        return None
    return text


def _problem(
    node: yaml.Node, name: str, at: Sequence[str | int], message: str, hint: str = ""
) -> Problem:
    mark = node.start_mark
    return Problem(message, f"{name}:{mark.line + 1}:{mark.column + 1}", ".".join(map(str, at)), hint)
