"""``python -m fpsimd_model.figures FOLDER``: every picture of the README and the docs.

Each is made from committed scenarios and data, with its parameters inside; a second run writes
the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .gallery import draw_all

if __name__ == "__main__":
    for path in draw_all(Path(sys.argv[1] if len(sys.argv) > 1 else "figures")):
        print(path)
