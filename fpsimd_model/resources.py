"""Where the package's data lies, and how the package writes a user's files."""

from __future__ import annotations

import os
from pathlib import Path

from fpsimd_model.errors import InputError

__all__ = ["data_path", "unwritable", "write_text"]

_PACKAGE = Path(__file__).resolve().parent


def data_path(*parts: str) -> Path:
    """Path below the project's ``data/``: in a checkout beside the package, in a wheel inside it.

    >>> data_path("costs.csv").is_file()
    True
    """
    inside = _PACKAGE / "_data"
    return (inside if inside.is_dir() else _PACKAGE.parent / "data").joinpath(*parts)


def unwritable(path: str | os.PathLike[str], error: Exception) -> InputError:
    """What a user is told whose file cannot be written.

    >>> print(unwritable("no/such.txt", FileNotFoundError(2, "No such file or directory")))
    no/such.txt: cannot be written (no such file or directory); name a file in a folder that exists
    and that you may write to
    """
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(
        f"{path}: cannot be written ({reason.lower()}); "
        "name a file in a folder that exists and that you may write to"
    )


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write ``text`` as UTF-8 to ``path``: all of it or nothing.

    A regular file is written beside its place and moved there; a link is followed; a device or
    pipe (``/dev/stdout``) is written to directly.

    Raises InputError when the place cannot be written.
    """
    path = Path(path)
    direct = path.exists() and not path.is_file() and not path.is_dir()
    target = path if direct else path.resolve()
    beside = target if direct else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if not direct:
            beside.replace(target)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    finally:
        if not direct:
            beside.unlink(missing_ok=True)
    return path
