"""Crypto with and without the processor's vector features, through ``openssl speed``."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass

from ..errors import InputError
from .spread import Spread

__all__ = ["ALGORITHMS", "Speeds", "crypto_speeds"]

ALGORITHMS = (
    "aes-128-gcm", "aes-256-gcm", "aes-128-cbc", "aes-256-cbc", "aes-128-ctr", "aes-128-ccm",
    "chacha20-poly1305", "sha256", "sha1",
)  # fmt: skip
#: Environment that takes the features away: on x86-64 AVX, AES-NI, SSSE3, PCLMULQDQ, and all of
#: the extended features (OpenSSL's OPENSSL_ia32cap(3)); on arm64 NEON and all above.
WITHOUT = {
    "x86_64": {"OPENSSL_ia32cap": "~0x1200020200000000:0"},
    "amd64": {"OPENSSL_ia32cap": "~0x1200020200000000:0"},
    "aarch64": {"OPENSSL_armcap": "0"},
    "arm64": {"OPENSSL_armcap": "0"},
}
_LINE = re.compile(r"^\+F:\d+:[^:]+:([0-9.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Nanoseconds a byte with and without vector features, at one size, and OpenSSL's version."""

    algorithm: str
    packet_bytes: int
    simd_ns: Spread
    scalar_ns: Spread
    version: str

    @property
    def slowdown(self) -> Spread:
        """How many times as long the same repetition took without; at least 1."""
        pairs = zip(self.simd_ns.values, self.scalar_ns.values, strict=True)
        return Spread.of(max(1.0, scalar / simd) for simd, scalar in pairs)


def crypto_speeds(
    algorithm: str = "aes-128-gcm", packet_bytes: int = 1500, repetitions: int = 3, seconds: int = 1
) -> Speeds:
    """Run ``openssl speed`` alternately with and without the processor's features.

    Raises
    ------
    InputError
        Without openssl, for an algorithm that it does not have, or on an architecture whose
        features it cannot switch off.
    """
    machine = platform.machine().lower()
    if machine not in WITHOUT:
        raise InputError(f"OpenSSL's features can be switched off on arm64 and x86-64 only, "
                         f"not on {machine}")  # fmt: skip
    openssl = shutil.which("openssl")
    if openssl is None:
        raise InputError("openssl is not installed; install it, or take --only registers")
    simd, scalar = [], []
    for _ in range(repetitions):
        for found, environment in ((simd, {}), (scalar, WITHOUT[machine])):
            found.append(1e9 / _speed(openssl, algorithm, packet_bytes, seconds, environment))
    version = _run([openssl, "version"], {}).partition("(")[0].strip()[:40]
    return Speeds(algorithm, packet_bytes, Spread.of(simd), Spread.of(scalar), version)


def _speed(
    openssl: str, algorithm: str, size: int, seconds: int, environment: dict[str, str]
) -> float:
    words = ["speed", "-mr", "-seconds", str(seconds), "-bytes", str(size)]
    try:
        text = _run([openssl, *words, "-evp", algorithm], environment)
    except InputError as error:
        raise InputError(
            f"{error}; `openssl list -cipher-algorithms` names what --algorithm can be"
        ) from None
    found = _LINE.search(text)
    if found is None or not float(found[1]) > 0:
        raise InputError(f"openssl speed -evp {algorithm}: no speed in what it printed")
    return float(found[1])


def _run(words: list[str], environment: dict[str, str]) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENSSL_")}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=120, check=False, errors="replace",
            env={**kept, **environment},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"{' '.join(words[:2])}: still not done after 120 s") from None
    except OSError as error:
        raise InputError(f"{words[0]}: cannot be run ({error.strerror})") from None
    if done.returncode:
        first = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise InputError(f"{' '.join(words[:2])} failed: {first}")
    return done.stdout
