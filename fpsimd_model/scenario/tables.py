"""The four tables of a scenario: every key with its default, domain, meaning and source."""

# ruff: noqa: RUF009 (the calls in the dataclasses make fields, once)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache

from fpsimd_model.bounds import BadValue, Choice, Number
from fpsimd_model.durations import Duration
from fpsimd_model.scenario.arrivals import Batch, Mmpp, Recorded, read_batch, read_interrupts

__all__ = ["TABLES", "Crypto", "Key", "Machine", "Softirq", "Vcpu", "keys_of"]

ROUND = "assumed: default of the model, a round figure"
XGENE = (
    "Dall et al. ISCA 2016 Table III, half of the FP {} of a KVM ARM hypercall on X-Gene "
    "(from memory, unverified)"
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key of a scenario file means, what it may hold, and where its default is from."""

    meaning: str
    check: Callable[[object], object]
    source: str


def _key(default: object, check: Callable[[object], object], meaning: str, source: str = ROUND):
    return field(default=default, metadata={"key": Key(meaning, check, source)})


def _duration(mean_us: float, meaning: str):
    return _key(Duration(mean_us), Duration.read, meaning)


def _share(default: float, meaning: str, source: str = ROUND):
    return _key(default, Number("a share", high=1.0), meaning, source)


def _cycles(default: float, meaning: str, source: str):
    return _key(default, Number("a number of cycles"), meaning, source)


@cache
def keys_of(table: type) -> dict[str, Key]:
    """The keys of a table and what each means.

    >>> keys_of(Machine)["clock_ghz"].meaning
    "the core's clock"
    """
    return {entry.name: entry.metadata["key"] for entry in fields(table)}


def _check_all(table: object) -> None:
    """Bring every value into its one form; refuse the first that is out of its domain."""
    for name, key in keys_of(type(table)).items():
        try:
            object.__setattr__(table, name, key.check(getattr(table, name)))
        except BadValue as error:
            raise error.within(type(table).__name__.lower(), name) from None


@dataclass(frozen=True, slots=True)
class Vcpu:
    """The vCPU thread: how long it stays where, and how its guest uses FP."""

    residency_us: Duration = _duration(1000.0, "thread time from vcpu_load to vcpu_put")
    out_us: Duration = _duration(1000.0, "time from put to the next load")
    run_loop_us: Duration = _duration(3.0, "one pass through the host's run loop")
    guest_run_us: Duration = _duration(50.0, "guest time from entry to the guest's own exit")
    first_fp_us: Duration = _duration(10.0, "guest time between FP accesses")
    user_exit_share: float = _share(0.3, "share of residencies that end in user space")
    preempted_share: float = _share(0.5, "share of residencies that end by preemption")
    exit_put_share: float = _share(
        0.0, "share of the guest's own exits that end the residency", "assumed: off by default"
    )
    vector_bits: int = _key(
        128,
        Number("a multiple of 128", low=128.0, high=2048.0, multiple=128),
        "length of the guest's vectors; 128 is plain FPSIMD",
        "assumed: a guest without SVE",
    )
    task_neon_per_s: float = _key(
        0.0,
        Number("a number per second"),
        "kernel-mode NEON sections in task context, per second of run-loop time",
        "assumed: off by default",
    )

    def __post_init__(self) -> None:
        _check_all(self)
        if self.user_exit_share + self.preempted_share > 1.0 + 1e-12:
            raise BadValue(
                f"preempted_share {self.preempted_share:g} and user_exit_share "
                f"{self.user_exit_share:g} add to "
                f"{self.user_exit_share + self.preempted_share:g}; "
                "shares of one whole, with blocking as the rest, add to 1 at most",
                "vcpu",
                "preempted_share",
                instead=("vcpu", "user_exit_share"),
            )


@dataclass(frozen=True, slots=True)
class Softirq:
    """Interrupts, and the packets whose crypto runs in softirq."""

    interrupts_per_s: float | Mmpp | Recorded = _key(
        10_000.0,
        read_interrupts,
        "interrupts that bring packets; a number is a Poisson rate, a table bursts or a recording",
    )
    packets_per_interrupt: float | Batch = _key(
        1.0,
        read_batch,
        "packets of one interrupt, unless recorded; a number is the mean of a geometric from 1",
    )
    packet_bytes: float = _key(
        1500.0, Number("a number of bytes", low=1.0), "bytes of a packet that crypto works on"
    )
    stack_ns: float = _key(
        1000.0, Number("a number of nanoseconds"), "time of a packet outside crypto"
    )
    service: str = _key(
        "deterministic",
        Choice("deterministic", "exponential"),
        "shape of a packet's time",
        "assumed: packets of one size",
    )
    softirq_budget_us: float = _key(
        2000.0,
        Number("a number of microseconds"),
        "a longer busy period goes to ksoftirqd; 0 switches ksoftirqd off",
        "Linux kernel/softirq.c, MAX_SOFTIRQ_TIME = msecs_to_jiffies(2)",
    )
    fallback: str = _key(
        "scalar",
        Choice("scalar", "cryptd"),
        "what crypto does where NEON is forbidden",
        "assumed: the synchronous fallback, as mac80211 and gcm-aes-ce use",
    )
    other_interrupts_per_s: float = _key(
        0.0, Number("a number per second"), "interrupts without crypto", "assumed: off by default"
    )
    other_interrupt_ns: float = _key(
        2000.0, Number("a number of nanoseconds"), "time of an interrupt without crypto"
    )
    other_softirq_share: float = _share(
        0.5, "share of interrupts without crypto that leave a softirq pending"
    )
    delay_limit_us: float = _key(
        1000.0,
        Number("a number of microseconds"),
        "a packet that takes longer, from interrupt to completion, counts as delayed",
        "assumed: a millisecond, far above a packet's own time and below the softirq budget",
    )

    def __post_init__(self) -> None:
        _check_all(self)

    @property
    def rate_per_s(self) -> float:
        """Interrupts per second in the long run, whatever their process."""
        rate = self.interrupts_per_s
        return rate.rate_per_s if isinstance(rate, (Mmpp, Recorded)) else rate

    @property
    def batch_mean(self) -> float:
        """Mean number of packets of one interrupt."""
        batch, arrivals = self.packets_per_interrupt, self.interrupts_per_s
        if isinstance(arrivals, Recorded) and arrivals.batch_mean is not None:
            return arrivals.batch_mean
        return batch.mean if isinstance(batch, Batch) else batch

    @property
    def batch_square(self) -> float:
        """Mean square of the number of packets of one interrupt."""
        if self.batch_shape == "recorded":
            return self.interrupts_per_s.batch_square
        mean = self.batch_mean
        return mean * mean if self.batch_shape == "fixed" else 2.0 * mean * mean - mean

    @property
    def batch_shape(self) -> str:
        """``geometric``, ``fixed`` or, with the arrivals, ``recorded``."""
        arrivals = self.interrupts_per_s
        if isinstance(arrivals, Recorded) and arrivals.packets is not None:
            return "recorded" if len(set(arrivals.packets)) > 1 else "fixed"
        return "fixed" if isinstance(self.packets_per_interrupt, Batch) else "geometric"


@dataclass(frozen=True, slots=True)
class Crypto:
    """What a packet's crypto costs with NEON and without."""

    simd_cycles_per_byte: float = _key(
        0.9,
        Number("a number of cycles per byte"),
        "cost with NEON",
        "AES-128 core loop with Crypto Extensions on Cortex-A57: A. Biesheuvel, Linaro blog 2017",
    )
    slowdown: float = _key(
        20.0,
        Number("a ratio", low=1.0),
        "how many times as long crypto takes without NEON",
        "AES-128 core loop, generic C on Cortex-A57: A. Biesheuvel, Linaro blog 2017",
    )
    overhead_ns: float = _key(
        0.0,
        Number("a number of nanoseconds"),
        "fixed cost of one request",
        "assumed: part of stack_ns",
    )
    neon_sections_per_packet: int = _key(
        1,
        Number("a whole number", low=1.0, high=1000.0, multiple=1),
        "kernel_neon_begin/end pairs of one packet",
        "assumed: one; CCM v4.15 has 1, GCM v4.15 has 3 to 4, GCM v6.1 has 2",
    )

    def __post_init__(self) -> None:
        _check_all(self)
        if self.simd_cycles_per_byte == self.overhead_ns == 0.0:
            raise BadValue(
                "0 like overhead_ns makes crypto take no time; one of them must be above 0",
                "crypto",
                "simd_cycles_per_byte",
                instead=("crypto", "overhead_ns"),
            )


@dataclass(frozen=True, slots=True)
class Machine:
    """The core: its clock and what its register moves, traps and world switches cost."""

    clock_ghz: float = _key(2.0, Number("a number of gigahertz", above=True), "the core's clock")
    save_cycles: float = _cycles(
        141.0, "one 520-byte register file to memory", XGENE.format("save")
    )
    restore_cycles: float = _cycles(
        155.0, "one 520-byte register file from memory", XGENE.format("restore")
    )
    trap_cycles: float = _cycles(
        376.0,
        "an FP trap handled in assembly at EL2, without the moves",
        "assumed: as a Xen ARM hypercall on X-Gene, the nearest that is published: "
        "C. Dall, Linaro blog 2016-06-16",
    )
    trap_c_cycles: float = _cycles(
        600.0,
        "an FP trap through the C path (since v4.18), without the moves",
        "assumed: no published figure",
    )
    exit_cycles: float = _cycles(300.0, "a world-switch exit", ROUND)
    entry_cycles: float = _cycles(300.0, "a world-switch entry", ROUND)

    def __post_init__(self) -> None:
        _check_all(self)


TABLES: dict[str, type] = {
    "vcpu": Vcpu,
    "softirq": Softirq,
    "crypto": Crypto,
    "machine": Machine,
}
