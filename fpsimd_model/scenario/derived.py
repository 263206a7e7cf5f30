"""What follows from a scenario's values, in seconds and bytes."""

from __future__ import annotations

__all__ = ["Derived"]

FPSIMD_BYTES = 520  #: 32 registers of 16 bytes, FPSR, FPCR


class Derived:
    """Properties of a scenario; times in seconds.

    >>> from fpsimd_model.scenario import Scenario
    >>> scenario = Scenario()
    >>> scenario.host_save_s * scenario.machine.clock_ghz * 1e9  # cycles again
    141.0
    >>> Scenario().replace({"vcpu.vector_bits": 512}).guest_state_bytes
    2184
    """

    __slots__ = ()

    def _cycles_s(self, cycles: float) -> float:
        return cycles / (self.machine.clock_ghz * 1e9)

    @property
    def simd_crypto_s(self) -> float:
        """Crypto time of a packet with NEON."""
        cycles = self.softirq.packet_bytes * self.crypto.simd_cycles_per_byte
        return self.crypto.overhead_ns * 1e-9 + self._cycles_s(cycles)

    @property
    def scalar_crypto_s(self) -> float:
        """Crypto time of a packet without NEON: ``slowdown`` times as long, overhead included."""
        return self.crypto.slowdown * self.simd_crypto_s

    @property
    def stack_s(self) -> float:
        """Time of a packet outside crypto."""
        return self.softirq.stack_ns * 1e-9

    @property
    def simd_packet_s(self) -> float:
        """Mean service time of a packet with NEON."""
        return self.stack_s + self.simd_crypto_s

    @property
    def scalar_packet_s(self) -> float:
        """Mean service time of a packet without NEON."""
        return self.stack_s + self.scalar_crypto_s

    @property
    def offered_packets_per_s(self) -> float:
        """Packets that arrive per second of wall time."""
        return self.softirq.rate_per_s * self.softirq.batch_mean

    @property
    def simd_load(self) -> float:
        """Utilisation of the CPU by packets when NEON is always allowed; stable below 1."""
        return self.offered_packets_per_s * self.simd_packet_s

    @property
    def scalar_load(self) -> float:
        """Utilisation of the CPU by packets when NEON is never allowed; stable below 1."""
        return self.offered_packets_per_s * self.scalar_packet_s

    @property
    def guest_state_bytes(self) -> int:
        """Size of the guest's register image: 520, or 32 VL + 17 VL / 8 with SVE, VL in bytes.

        Linux arch/arm64/include/uapi/asm/sve_context.h (v6.8): Z0-31, P0-15 and FFR.
        """
        if self.vcpu.vector_bits == 128:
            return FPSIMD_BYTES
        vector_bytes = self.vcpu.vector_bits // 8
        return 32 * vector_bytes + 17 * vector_bytes // 8

    @property
    def host_save_s(self) -> float:
        """The host's registers to memory; always plain FPSIMD."""
        return self._cycles_s(self.machine.save_cycles)

    @property
    def host_restore_s(self) -> float:
        """The host's registers from memory."""
        return self._cycles_s(self.machine.restore_cycles)

    @property
    def guest_save_s(self) -> float:
        """The guest's registers to memory, in proportion to their bytes."""
        return self.host_save_s * (self.guest_state_bytes / FPSIMD_BYTES)

    @property
    def guest_restore_s(self) -> float:
        """The guest's registers from memory."""
        return self.host_restore_s * (self.guest_state_bytes / FPSIMD_BYTES)

    @property
    def trap_s(self) -> float:
        """An FP trap handled in assembly at EL2."""
        return self._cycles_s(self.machine.trap_cycles)

    @property
    def trap_c_s(self) -> float:
        """An FP trap through the C path."""
        return self._cycles_s(self.machine.trap_c_cycles)

    @property
    def exit_s(self) -> float:
        """A world-switch exit."""
        return self._cycles_s(self.machine.exit_cycles)

    @property
    def entry_s(self) -> float:
        """A world-switch entry."""
        return self._cycles_s(self.machine.entry_cycles)

    @property
    def user_after_own_exit_share(self) -> float:
        """Share of puts at the guest's own exits that lead to user space, the rest to ``sched``.

        ``user_exit_share`` / (1 - ``preempted_share``); 0 where every residency is preempted.
        """
        rest = 1.0 - self.vcpu.preempted_share
        return min(1.0, self.vcpu.user_exit_share / rest) if rest > 0.0 else 0.0
