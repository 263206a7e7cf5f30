"""``make bench``: every ``bench_*.py`` here, one report after another.

Seconds depend on the machine and on what else it does; what is meant to be compared stands in one
run, as a ratio.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path


def main() -> None:
    """Run the benchmarks named on the command line, or all that need no browser."""
    here = Path(__file__).parent
    names = sys.argv[1:] or sorted(
        path.stem.removeprefix("bench_")
        for path in here.glob("bench_*.py")
        if "_ui" not in path.stem
    )
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    for name in names:
        title = f"-- {name} "
        print(f"\n{title:-<72}", flush=True)
        print(importlib.import_module(f"benchmarks.bench_{name}").report(), flush=True)


if __name__ == "__main__":
    main()
