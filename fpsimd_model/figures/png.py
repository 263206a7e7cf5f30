"""PNG files with text in them, written and read chunk by chunk (PNG specification, 2nd ed., W3C).

Ours, because the bytes are then the same whichever version of an image library is installed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np

__all__ = ["SIGNATURE", "chunks", "encode", "text", "unpacked"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"


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
        _chunk(b"IDAT", _packed(rows.tobytes())),
        _chunk(b"IEND", b""),
    ]
    return SIGNATURE + b"".join(parts)


def _packed(rows: bytes) -> bytes:
    """Deflated, the shortest of a few ways: small blocks often suit drawings better."""
    ways = [(memory, strategy) for memory in (4, 6, 8) for strategy in (0, zlib.Z_FILTERED)]
    found = []
    for memory, strategy in ways:
        stream = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, memory, strategy)
        found.append(stream.compress(rows) + stream.flush())
    return min(found, key=len)


def _text(keyword: str, words: str) -> bytes:
    key, content = keyword.encode("latin-1"), words.encode("latin-1")
    if len(content) <= 100:
        return _chunk(b"tEXt", key + b"\0" + content)
    return _chunk(b"zTXt", key + b"\0\0" + zlib.compress(content, 9))


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk, up to the first that is cut off."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if at + 12 + size > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def text(data: bytes, keyword: str, most: int) -> str:
    """The first text of a keyword, of any of the three kinds of chunk; "" if there is none.

    Raises ValueError or zlib.error where it is damaged or has more than `most` bytes.
    """
    wanted = keyword.encode("latin-1")
    for kind, content in chunks(data):
        key, _, rest = content.partition(b"\0")
        if key != wanted:
            continue
        if kind == b"tEXt":
            return rest.decode("latin-1")
        if kind == b"zTXt":
            return unpacked(rest[1:], most).decode("latin-1")
        if kind == b"iTXt" and len(rest) > 2:
            packed, (_, _, words) = rest[0], (rest[2:].split(b"\0", 2) + [b""] * 3)[:3]
            return (unpacked(words, most) if packed else words).decode("utf-8")
    return ""


def unpacked(content: bytes, most: int) -> bytes:
    """What zlib packed, whole and unharmed, of at most `most` bytes; memory is bounded by that."""
    stream = zlib.decompressobj()
    found = stream.decompress(content, most)
    if not stream.eof:
        raise ValueError("cut off, or larger than it may be")
    return found
