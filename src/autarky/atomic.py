"""Files that appear whole or not at all: an interrupted write leaves what stood there before."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autarky.errors import Problem, ResultError


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield an empty file beside `path` to write to; it takes the place of `path` when the block ends well."""
    # A link keeps pointing to the file that is written.
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ResultError(Problem("cannot be written: it is not a file", place=str(path), hint="give a file's name"))
    # The same folder, as a file cannot be moved from one disk to another in one step.
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.open("xb").close()
        yield part
        os.replace(part, target)
    except OSError as error:
        hint = "" if target.parent.is_dir() else f"there is no folder {target.parent}"
        message = f"cannot be written ({error.strerror or error})"
        raise ResultError(Problem(message, place=str(path), hint=hint)) from None
    finally:
        part.unlink(missing_ok=True)
