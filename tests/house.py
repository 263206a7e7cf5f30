"""The project's own files, for tests that look at all of them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "files", "notebooks", "text_files"]

ROOT = Path(__file__).resolve().parent.parent
GENERATED = {".git", ".venv", "build", "dist", "__pycache__", ".ipynb_checkpoints"}
GENERATED |= {".pytest_cache", ".ruff_cache", ".hypothesis"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or could be committed; all but generated ones where there is no git."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        found = [ROOT / name for name in listed.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [p for p in ROOT.rglob("*") if not GENERATED & set(p.relative_to(ROOT).parts)]
    return tuple(sorted(p for p in found if p.is_file()))


def text_files() -> list[Path]:
    """Those that people read as text: no NUL byte in the first block."""
    return [path for path in files() if b"\0" not in path.read_bytes()[:8192]]


def notebooks() -> list[Path]:
    """The committed notebooks, in order."""
    return [
        path for path in files() if path.parent == ROOT / "notebooks" and path.suffix == ".ipynb"
    ]
