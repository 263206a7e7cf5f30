"""A shell that outlives the recording and takes the probes away, should nobody else do so.

Signals that can be caught end a recording in good order. SIGKILL, or the kernel out of memory,
cannot be caught: then the pipe to this shell breaks, and it cleans up in the recording's place.
"""

from __future__ import annotations

import shlex
import subprocess
from contextlib import suppress

from .offer import Offer
from .probes import GROUP

__all__ = ["Guard"]

_TRIES = 600  # a second apart: until a tool that was left alone has ended, too


class Guard:
    """Watches from its making until `release`; does nothing after that.

    Parameters
    ----------
    offer:
        Where tracefs is, and the probes.
    """

    def __init__(self, offer: Offer) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", _script(offer)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def release(self) -> None:
        """Everything has been taken away: go."""
        with suppress(OSError):
            self._shell.stdin.write(b"done\n")
        with suppress(OSError):
            self._shell.stdin.close()
        self._shell.wait()


def _script(offer: Offer) -> str:
    mount, names = shlex.quote(str(offer.tracefs)), " ".join(p.name for p in offer.probes)
    return f"""trap '' INT TERM HUP QUIT
read word
[ "$word" = done ] && exit
T={mount}
I=$T/instances/{GROUP}
[ -d $I ] && echo 0 > $I/events/enable
n=0
while [ $n -lt {_TRIES} ]; do
  left=
  echo 0 > $T/events/{GROUP}/enable
  for p in {names}; do
    echo "-:{GROUP}/$p" >> $T/kprobe_events || {{ [ -d $T/events/{GROUP}/$p ] && left=$p; }}
  done
  [ -z "$left" ] && break
  n=$((n + 1))
  sleep 1
done
rmdir $I
"""
