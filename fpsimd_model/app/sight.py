"""A picture on screen: fast in motion, sharp at rest, and with its values under the pointer."""

from __future__ import annotations

import io

import ipywidgets as w
from PIL import Image as Bitmap

from ..figures import Picture
from .knob import put
from .layout import classed
from .readings import layer

__all__ = ["Sight"]

DENSE = 200.0  # pixels an inch at rest, for screens of twice the density


class Sight:
    """An image and the layer to read it off, in `widget`."""

    def __init__(self, *classes: str) -> None:
        self.image = classed(w.Image(format="png"), "fm-figure", *classes)
        self.glass = classed(w.HTML(), "fm-layer")
        self.widget = classed(w.Box([self.image, self.glass]), "fm-sight")

    def quick(self, picture: Picture) -> None:
        """Send what was blitted; what was to be read off is out of date."""
        self._send("jpeg", _jpeg(picture))
        put(self.glass, "value", "")

    def sharp(self, picture: Picture) -> None:
        """Send the same once more, sharp and to be read off."""
        self._send("png", picture.png(DENSE))
        put(self.glass, "value", layer(picture.readings()))

    def pale(self, pale: bool) -> None:
        """Whether what is on screen is out of date."""
        (self.image.add_class if pale else self.image.remove_class)("fm-stale")

    def _send(self, kind: str, data: bytes) -> None:
        with self.image.hold_sync():  # in one message
            self.image.format, self.image.value = kind, data


def _jpeg(picture: Picture) -> bytes:
    """In a tenth of the time of a PNG; so good that nobody sees it turn into one at rest."""
    rgba = picture.canvas.buffer_rgba()
    height, width, _ = rgba.shape
    bitmap = Bitmap.frombuffer("RGBX", (width, height), rgba, "raw", "RGBX", 0, 1)
    out = io.BytesIO()
    bitmap.save(out, "JPEG", quality=80, subsampling=0)
    return out.getvalue()
