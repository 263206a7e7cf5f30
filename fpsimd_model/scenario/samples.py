"""A file of measured durations: one number of microseconds a line."""

from __future__ import annotations

import os
from pathlib import Path

from fpsimd_model.bounds import BadValue, Number
from fpsimd_model.errors import short, shown

__all__ = ["LARGEST_FILE", "read_samples"]

LARGEST_FILE = 32_000_000  #: bytes

_SAMPLE = Number("a number of microseconds")
_FORM = "one number of microseconds a line is wanted"


def read_samples(name: str, directory: str | os.PathLike[str] = ".") -> tuple[list[float], str]:
    """The numbers in the file ``name``, which starts from ``directory``, and its full path.

    The first line may be a heading; empty lines and what follows a ``#`` are skipped.

    Raises InputError, naming the file and the line.
    """
    path, name = Path(directory) / name, short(name)
    samples: list[float] = []
    heading_possible = True
    for number, line in enumerate(_text(path, name).splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            samples.append(_SAMPLE(float(word)))
        except BadValue as error:
            raise BadValue(f"{name}:{number}: {error.message}") from None
        except ValueError:
            if not heading_possible:
                raise BadValue(f"{name}:{number}: {shown(word)} is not a number; {_FORM}") from None
        heading_possible = False
    if not samples:
        raise BadValue(f"{name} holds no number; {_FORM}")
    return samples, str(path.resolve())


def _text(path: Path, name: str) -> str:
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
        raise BadValue(f"{name} is not UTF-8 text; {_FORM}") from None
    except BadValue:
        raise
    except ValueError:  # a name that no file can have
        raise BadValue(f"{shown(name)} is no name of a file; name a text file") from None
