"""Files of measurements: one number, or a row of them, a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from fpsimd_model.bounds import BadValue, Number
from fpsimd_model.errors import short, shown

__all__ = ["LARGEST_FILE", "read_rows", "read_samples"]

LARGEST_FILE = 32_000_000  #: bytes

_SAMPLE = Number("a number of microseconds")
_FORM = "one number of microseconds a line is wanted"


def read_samples(name: str, directory: str | os.PathLike[str] = ".") -> tuple[list[float], str]:
    """The numbers in the file ``name``, which starts from ``directory``, and its full path.

    The first line may be a heading; empty lines and what follows a ``#`` are skipped.

    Raises InputError, naming the file and the line.
    """
    rows, file = read_rows(name, directory, (_SAMPLE,), _FORM)
    return [row[0] for row in rows], file


def read_rows(
    name: str,
    directory: str | os.PathLike[str],
    checks: Sequence[Callable[[object], float]],
    form: str,
) -> tuple[list[tuple[float, ...]], str]:
    """As `read_samples`, rows of up to ``len(checks)`` numbers between commas, all as long.

    Each number is passed through the check of its column; ``form`` says what is wanted.
    """
    path, name = Path(directory) / name, short(name)
    rows: list[tuple[float, ...]] = []
    heading_possible = True
    for number, line in enumerate(_text(path, name, form).splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        words = text.split(",") if len(checks) > 1 else [text]
        try:
            row = tuple(check(float(word)) for check, word in zip(checks, words, strict=False))
        except BadValue as error:
            raise BadValue(f"{name}:{number}: {error.message}") from None
        except ValueError:
            if not heading_possible:
                raise BadValue(f"{name}:{number}: {shown(text)} is not a number; {form}") from None
        else:
            if len(words) > len(checks) or (rows and len(row) != len(rows[0])):
                raise BadValue(f"{name}:{number}: {len(words)} numbers; {form}")
            rows.append(row)
        heading_possible = False
    if not rows:
        raise BadValue(f"{name} holds no number; {form}")
    return rows, str(path.resolve())


def _text(path: Path, name: str, form: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise BadValue(f"{name} is not a regular file; name a text file")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise BadValue(f"{name} is larger than {LARGEST_FILE // 10**6} MB; thin it out")
        return data.decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadValue(
            f"{name} cannot be read ({reason}); its name starts from the scenario file's folder"
        ) from None
    except UnicodeDecodeError:
        raise BadValue(f"{name} is not UTF-8 text; {form}") from None
    except BadValue:
        raise
    except ValueError:  # a name that no file can have
        raise BadValue(f"{shown(name)} is no name of a file; name a text file") from None
