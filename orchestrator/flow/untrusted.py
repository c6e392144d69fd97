"""Text that somebody else wrote, on its way to an agent: scanned as untrusted, and fenced so that it reads as data."""

from __future__ import annotations

from msgspec import structs

from orchestrator.flow.loops import on_event_loop
from orchestrator.flow.state import CallState
from orchestrator_core.errors import UsageError
from orchestrator_core.models.inert_text import inert
from orchestrator_core.records import RecalledMemory
from orchestrator_security.contract import ScanContext

_SOURCE_CHARS = 100


def untrusted(state: CallState, text: str, source: str) -> str:
    """``call.untrusted``: taints the call, and gives the text back between two lines with a random marker.

    What the policy blocks is replaced by a line that says so: the agent can go on without it.

    Raises:
        UsageError: text or source is no text.
    """
    for name, value in (("text", text), ("source", source)):
        if not isinstance(value, str):
            hint = " Decode it first: .decode('utf-8', errors='replace')." if isinstance(value, bytes) else ""
            raise UsageError(f"call.untrusted: {name} must be text, not {type(value).__name__}.{hint}")
    named = inert(state.rooms.guard.redact(source[: 4 * _SOURCE_CHARS]))[:_SOURCE_CHARS]
    named = " ".join(named.split())
    # In quotes: whoever chose the name must not speak to the person who is asked in Magnus's words.
    state.clearance.taint(f'"{named.replace(chr(34), chr(39))}"' if named else "text from outside")
    place = ScanContext("tool", trust="untrusted", agent=state.spec.name, caller=state.caller, session=state.session)
    if not state.switches["guard_in"]:
        state.note_scan(state.rooms.guard.unchecked(text), place, "unchecked")
    else:
        scan = state.rooms.guard.check(text, place)
        findings = tuple(structs.replace(finding, stage="attempts") for finding in scan.findings)
        state.note_scan(structs.replace(scan, findings=findings), place)
        state.decisions.keep_on_loop() if on_event_loop() else state.decisions.keep()
        if scan.action == "block":
            text = f"[withheld: {scan.reason or 'security blocked it'}]"
    return state.rooms.render_untrusted(text, named)


def from_user(memory: RecalledMemory) -> bool:
    """Whether a memory is the user's own word: no run left it, and it is trusted fully."""
    return memory.trust >= 1 and not memory.status and not memory.key.startswith("lesson:")
