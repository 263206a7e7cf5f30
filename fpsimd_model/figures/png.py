"""PNG files with text in them, written and read chunk by chunk (PNG specification, 2nd ed., W3C).

Ours, because the bytes are then the same whichever version of an image library is installed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np

__all__ = ["SIGNATURE", "encode", "texts"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LARGEST = 64 * 2**20  # bytes of a text, unpacked


def encode(
    index: np.ndarray, palette: np.ndarray, text: Mapping[str, str], dpi: float = 100.0
) -> bytes:
    """A PNG of at most 256 colours.

    Parameters
    ----------
    index, palette:
        (height, width) uint8 and (n, 3) uint8.
    text:
        Latin-1 texts by keyword; those above 100 bytes are packed.
    dpi:
        Pixels per inch, for print.
    """
    height, width = index.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), index], axis=1)  # filter 0 in each
    metre = round(dpi / 0.0254)
    parts = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"pHYs", struct.pack(">IIB", metre, metre, 1)),
        *(_text(keyword, words) for keyword, words in text.items()),
        _chunk(b"PLTE", palette.tobytes()),
        _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
        _chunk(b"IEND", b""),
    ]
    return SIGNATURE + b"".join(parts)


def _text(keyword: str, words: str) -> bytes:
    key, content = keyword.encode("latin-1"), words.encode("latin-1")
    if len(content) <= 100:
        return _chunk(b"tEXt", key + b"\0" + content)
    return _chunk(b"zTXt", key + b"\0\0" + zlib.compress(content, 9))


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if at + 12 + size > len(data):
            return
        yield kind, content
        at += 12 + size


def texts(data: bytes) -> dict[str, str]:
    """The texts in a PNG by keyword, of all three kinds of chunk; broken ones are left out."""
    found = {}
    for kind, content in _chunks(data):
        key, _, rest = content.partition(b"\0")
        if kind == b"tEXt":
            words = rest
        elif kind == b"zTXt":
            words = _unpacked(rest[1:])
        elif kind == b"iTXt" and len(rest) > 2:
            packed, (_, _, words) = rest[0], (rest[2:].split(b"\0", 2) + [b""] * 3)[:3]
            words = _unpacked(words) if packed else words
        else:
            continue
        coding = "utf-8" if kind == b"iTXt" else "latin-1"
        found[key.decode("latin-1")] = words.decode(coding, "replace")
    return found


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, _LARGEST)
    except zlib.error:
        return b""
