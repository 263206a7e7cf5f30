"""What the text of one event says: from ``name: text`` or ``function <-caller`` to a `Raw` row.

Kernel functions are recognised by the symbol that a probe prints, ``(symbol+0x0/0x1f0)``, and by
the event's name only where the address is not resolved, since the name is the user's choice.
Payload forms: include/trace/events/{kvm,irq,sched}.h, arch/{arm64,x86}/kvm/trace*.h from 4.14
to 7.3, as trace-formats.md lists them; none is chosen by a kernel's version.
"""

from __future__ import annotations

import enum
import re

from .recording import PACKETS
from .rows import Raw
from .symbols import ENTRY_BYTES, EVENTS, FUNCTIONS, MOVES, NAMES, SAVERS, SCRATCH, SCRATCH_LOADERS

__all__ = ["Caller", "Meaning"]


class Caller(enum.IntEnum):
    """Who called kvm_arch_vcpu_load or _put, as the function tracer tells."""

    UNKNOWN = 0
    SCHED = 1  # the preempt notifiers
    IOCTL = 2  # vcpu_load, vcpu_put


_FUNCTION = re.compile(
    r"([\w.]+)(?:\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?)?(?: \[[\w-]+\])?(?:\(.*\))? +"
    r"<-([\w.]+)(?:\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?)?(?: \[[\w-]+\])?"
)
_EVENT = re.compile(r"((?:[\w.-]+:)?[^\s:]+):(?:\s+(.*))?")
_PROBE = re.compile(
    r"\((?:([\w.$]+)\+0x([0-9a-f]+)(?:/0x[0-9a-f]+)?(?: \[[\w-]+\])?"
    r"|0x[0-9a-f]+|[0-9a-f]+)( <- [^)]*)?\)(.*)"
)
_IMAGE = re.compile(r"=\s*(?:0x)?([0-9a-f]{6,16})\b")
_NUMBER = r"(?:0x[0-9a-f]+ \((-?\d+)\)|(-?\d+)\b)"  # with the option `fields`, and without
_IP = r"(?: +[0-9a-f]{4,16} .*)?"  # perf script -F +ip appends where it happened
_ARM_FIELDS = re.compile(rf".*\bret={_NUMBER} +esr_ec={_NUMBER}.*")
_FIELDS = re.compile(rf".*\b(?:exit_reason|reason|exit_code)={_NUMBER}.*")
_ARM_EXIT = re.compile(r"([A-Z][A-Z_0-9]*|0x[0-9a-f]+|\d+): HSR_EC: 0x([0-9a-f]+) \((\w+)\), PC: ")
_X86_EXIT = re.compile(r"reason (\S+)(?: |$)")
_VECTOR = re.compile(rf"vec={_NUMBER}(?: \[action=\w+\])?{_IP}\s*")
_IRQ = re.compile(rf"irq={_NUMBER}\b")
_X86_ENTRY = re.compile(r"vcpu \d|.*\b(?:vcpu_id|rip)\b")
_ARM_CODES = {0: "IRQ", 1: "SERROR", 2: "TRAP", 3: "IL"}
_VECTORS = (Raw.SOFTIRQ_RAISE, Raw.SOFTIRQ_ENTRY, Raw.SOFTIRQ_EXIT)
_LAYERS = {name: index for index, name in enumerate(PACKETS)}
_LONGEST = 512  # characters; what these events print is far shorter
_USER_REASON = re.compile(rf"reason (\S+) \((-?\d+)\){_IP}\s*")
_SWITCH = (
    re.compile(
        rf".*?\bprev_pid={_NUMBER} prev_prio=.*? prev_state=([^ ]+).* (?:==> )?"
        rf"next_comm=.* next_pid={_NUMBER} next_prio=\S+(?: \(\d+\))?{_IP}\s*"
    ),
    # the sched_switch of libtraceevent's plugin and of perf: comm:pid [prio] S ==> comm:pid [prio]
    re.compile(rf".*?:(\d+)() \[-?\d+\] (\S+) ==> .*:(\d+)() \[-?\d+\]{_IP}\s*"),
)


class Meaning:
    """Turns bodies of lines into rows; keeps the reasons and images that it met, by index."""

    def __init__(self, reasons: list[str], images: list[str]) -> None:
        self.reasons, self.images = reasons, images
        self._reason_index: dict[str, int] = {}
        self._image_index: dict[str, int] = {}
        self._probes: dict[str, str] = {}
        self.arm = False

    def split(self, body: str) -> tuple[str, str, str] | None:
        """Name, text and caller of a body, or None if it is neither an event nor a call.

        >>> Meaning([], []).split("kvm:kvm_entry: PC: 0x0000000040000040")
        ('kvm_entry', 'PC: 0x0000000040000040', '')
        >>> Meaning([], []).split("kernel_neon_begin <-gcm_decrypt")
        ('kernel_neon_begin', '', 'gcm_decrypt')
        """
        match = _FUNCTION.fullmatch(body)
        if match:
            return match[1], "", match[2]
        match = _EVENT.fullmatch(body)
        if match:
            return match[1].rpartition(":")[2], match[2] or "", ""
        return None

    def of(self, name: str, text: str, caller: str) -> tuple[int, int] | None:
        """Kind and value of an event; None if its text is torn.

        >>> meaning = Meaning([], [])
        >>> meaning.of("softirq_entry", "vec=3 [action=NET_RX]", "")
        (<Raw.SOFTIRQ_ENTRY: 13>, 3)
        >>> meaning.of("softirq_entry", "ve", "") is None
        True
        """
        if caller:
            kind = FUNCTIONS.get(name, Raw.SKIP)
            if kind in (Raw.SAVE, Raw.RESTORE):
                return kind, -1
            if kind is Raw.PACKET:
                return kind, _LAYERS[name]
            return kind, _caller(caller) if kind in (Raw.LOAD, Raw.PUT) else 0
        kind = EVENTS.get(name)
        if kind is not None:
            return self._event(kind, name, text)
        if text.startswith("("):
            return self._probe(name, text)
        return Raw.SKIP, 0

    @staticmethod
    def of_no_use(name: str, text: str) -> bool:
        """Whether every event of this name can be passed over unread."""
        return name not in EVENTS and not text.startswith("(")

    def _event(self, kind: Raw, name: str, text: str) -> tuple[int, int] | None:
        if len(text) > _LONGEST:
            return None
        if text.startswith("[FAILED TO PARSE]"):
            text = text[17:].lstrip()
        if kind in _VECTORS:
            match = _VECTOR.fullmatch(text)
        elif kind is Raw.IRQ_ENTRY:
            match = _IRQ.match(text)
        elif kind is Raw.SWITCH:
            return self._switch(text)
        elif kind is Raw.KEXIT:
            return self._exit(text)
        elif kind is Raw.USER_EXIT:
            match = _USER_REASON.fullmatch(text)
            if match:
                return kind, self._reason(match[1].removeprefix("KVM_EXIT_"))
            match = _FIELDS.fullmatch(text)
            return match and (kind, self._reason(f"reason {match[1] or match[2]}"))
        elif kind is Raw.PACKET:
            return kind, _LAYERS[name]
        elif kind is Raw.ENTRY:
            if "PC: 0x" in text or "vcpu_pc=" in text:
                self.arm = True
            elif not _X86_ENTRY.match(text):
                return None
            return kind, 0
        else:
            return kind, 0
        return match and (kind, int(match[1] or match[2]) & 0x7FFFFFFF)

    def _exit(self, text: str) -> tuple[int, int] | None:
        match = _ARM_EXIT.search(text)  # libtraceevent's x86 plugin garbles what stands before
        if match:
            self.arm = True
            kind, name = match[1], match[3]
            return Raw.KEXIT, self._reason(f"{kind} {name}" if kind == "TRAP" else kind)
        match = _X86_EXIT.search(text)
        if match:
            return Raw.KEXIT, self._reason(match[1].removeprefix("EXIT_").upper())
        match = _ARM_FIELDS.fullmatch(text)
        if match:
            self.arm = True
            code, ec = int(match[1] or match[2]), int(match[3] or match[4])
            name = _ARM_CODES.get(code, f"code {code}")
            return Raw.KEXIT, self._reason(f"{name} 0x{ec:02x}" if name == "TRAP" else name)
        match = _FIELDS.fullmatch(text)
        return match and (Raw.KEXIT, self._reason(f"reason {match[1] or match[2]}"))

    def _switch(self, text: str) -> tuple[int, int] | None:
        for pattern in _SWITCH:
            match = pattern.fullmatch(text)
            if match:
                break
        else:
            return None
        state = match[3]
        runnable = state[0] == "R" or state in ("0", "0x0")
        return Raw.SWITCH, (int(match[4] or match[5]) & 0x3FFFFFFF) << 1 | runnable

    def _probe(self, name: str, text: str) -> tuple[int, int] | None:
        if ")" not in text or len(text) > 4 * _LONGEST:
            return None
        match = _PROBE.fullmatch(text)
        if not match or match[3]:  # a return probe says when a function ended, not what it did
            return Raw.SKIP, 0
        symbol, offset, arguments = match[1], match[2], match[4]
        kind = None
        if symbol is not None:
            symbol = symbol.partition(".")[0]
            if symbol in SCRATCH:
                return Raw.SKIP, 0
            at_entry = int(offset, 16) <= ENTRY_BYTES
            kind = (FUNCTIONS if at_entry or symbol in SAVERS else MOVES).get(symbol)
            if kind is None and at_entry:
                kind = Raw.SKIP
            if at_entry and self._probes.setdefault(symbol, name) != name:
                return Raw.SKIP, 0  # a second probe on the same function
        if kind is None:  # an unresolved address, or a place in a function we do not know
            kind = NAMES.get(name, Raw.SKIP)
            if kind is Raw.RESTORE and symbol in SCRATCH_LOADERS:
                return Raw.SKIP, 0
        if kind in (Raw.SAVE, Raw.RESTORE, Raw.BIND):
            image = _IMAGE.search(arguments)
            return kind, self._image(image[1]) if image else -1
        if kind is Raw.PACKET:
            return kind, _LAYERS.get(symbol or name, -1)
        return kind, 0

    def _reason(self, reason: str) -> int:
        return _intern(reason, self.reasons, self._reason_index)

    def _image(self, image: str) -> int:
        return _intern(image, self.images, self._image_index)


def _intern(value: str, values: list[str], index: dict[str, int]) -> int:
    if value not in index:
        if len(values) >= 1 << 20:  # no machine has a million register images
            return -1
        index[value] = len(values)
        values.append(value)
    return index[value]


def _caller(caller: str) -> Caller:
    if caller in ("vcpu_load", "vcpu_put", "kvm_vcpu_ioctl", "kvm_arch_vcpu_ioctl_run"):
        return Caller.IOCTL
    if "sched" in caller or "finish_task_switch" in caller or "prepare_task_switch" in caller:
        return Caller.SCHED
    return Caller.UNKNOWN
