"""Resolve the newest versions of everything and write them to constraints.txt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ["pip", "hatchling", "editables"]
BY_HAND = "# On other systems only (kept by hand):"


def resolve() -> dict[str, str]:
    """Name and version of each package that a fresh environment would get."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--report", "-", *BUILD, "-e", f"{ROOT}[test,voila]"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found = [item["metadata"] for item in report["install"]]
    return {item["name"].lower().replace("_", "-"): item["version"] for item in found}


def main() -> None:
    path = ROOT / "constraints.txt"
    head, _, by_hand = path.read_text().partition(BY_HAND)
    pins = resolve()
    del pins["fpsimd-model"]
    lines = [head.splitlines()[0], *(f"{name}=={pins[name]}" for name in sorted(pins))]
    path.write_text("\n".join(lines) + f"\n{BY_HAND}{by_hand}")


if __name__ == "__main__":
    main()
