"""Installs the programs that autarky is compared with, each apart from the rest, under benchmarks/.cache.

    python benchmarks/peers.py      install all of them and say which are there

Nothing is installed twice. A peer that cannot be installed is a sentence that says why, not an error.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).with_name(".cache")
INSTALL_SECONDS = 600


class AbsentError(Exception):
    """A program that cannot be run here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A program, the client that installs it, and what to ask of that client."""

    name: str
    client: str
    packages: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return CACHE / self.name


PEERS = {
    peer.name: peer
    for peer in (
        Peer("squigglepy", "pip", ("squigglepy==0.30", "numpy==2.4.6", "PyYAML==6.0.4")),
        Peer("pysd", "pip", ("pysd==3.14.3", "numpy==2.4.6", "PyYAML==6.0.4")),
        Peer("squiggle", "npm", ("@quri/squiggle-lang@0.10.0", "yaml@2.9.1")),
    )
}


def installed(peer: Peer) -> list[str]:
    """The command that runs a program of this peer, which is installed first where it is missing."""
    for needed in ("node", "npm") if peer.client == "npm" else ():
        if shutil.which(needed) is None:
            raise AbsentError(f"it needs {needed}, which is not installed")
    mark = peer.folder / "installed.txt"
    wanted = "\n".join(peer.packages)
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(peer.folder, ignore_errors=True)
        peer.folder.mkdir(parents=True)
        (_pip_install if peer.client == "pip" else _npm_install)(peer)
        mark.write_text(wanted, encoding="utf-8")
    return [str(_python(peer))] if peer.client == "pip" else ["node"]


def _python(peer: Peer) -> Path:
    return peer.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _pip_install(peer: Peer) -> None:
    # This environment's own pip installs into the new one: not every Python can give it a pip of its own.
    _call(sys.executable, "-m", "venv", "--without-pip", str(peer.folder))
    pip = (sys.executable, "-m", "pip", "--python", str(_python(peer)), "--disable-pip-version-check")
    _call(*pip, "install", "-qq", *peer.packages)


def _npm_install(peer: Peer) -> None:
    npm = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    _call(*npm, "--prefix", str(peer.folder), *peer.packages)


def _call(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise AbsentError(f"installing it took more than {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise AbsentError(f"it could not be installed: {last_line(done.stderr or done.stdout)}")


def last_line(text: str) -> str:
    """The last line of a program's output that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def main() -> None:
    for peer in PEERS.values():
        try:
            installed(peer)
        except AbsentError as reason:
            print(f"{peer.name}: absent; {reason}")
        else:
            print(f"{peer.name}: {', '.join(peer.packages)}")


if __name__ == "__main__":
    main()
