"""The files with one mistake each, and the lines that they must give."""

from pathlib import Path

BAD = Path(__file__).parent / "bad"


def expected_lines(folder):
    """Return file name -> lines, from `<folder>.txt`: `== file`, then a line for each problem in it."""
    lines_of = {}
    for line in (BAD / f"{folder}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            name = line.removeprefix("== ")
            lines_of[name] = []
        elif line:
            lines_of[name].append(line)
    return lines_of


def files_in(folder):
    """Return the names of the files in a folder."""
    return [path.name for path in sorted((BAD / folder).iterdir())]
