"""The process that Presidio runs in: it reads texts from its standard input and answers with places, until the input ends.

In a process of its own Presidio's import holds up no thread of the user's and no fork, a pattern that runs away can be killed, torch
can be kept out, and no socket can be opened at all. Messages are JSON behind their length in four bytes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

IDLE_S = 600.0
"""It ends after so long without work; the next text starts it anew."""
_LOOK_S = 5.0
_SIZE_BYTES = 4
_HEAVY = ("torch", "transformers", "stanza", "spacy_stanza", "tensorflow", "jax", "mxnet", "cupy", "gliner", "langextract", "openai",
          "azure", "spacy_huggingface_pipelines")  # fmt: skip
"""What Presidio and thinc load where it is installed, and what nothing here needs."""
_CONNECTING = frozenset(
    f"socket.{name}"
    for name in ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
)
"""Audit events of the interpreter; asking for the machine's own name is none of them."""
_TORCH = ("torch", "transformers")


class _Absent:
    """Makes packages seem not to be installed, in this process only."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def receive(stream: BinaryIO) -> Any:
    """The next message; None at the end.

    Raises:
        ValueError: what arrives is no message.
    """
    head = _exactly(stream, _SIZE_BYTES)
    data = _exactly(stream, int.from_bytes(head, "big")) if head is not None else None
    return None if data is None else json.loads(data)


def send(stream: BinaryIO, message: Any) -> None:
    """Write one message.

    Raises:
        OSError: nobody reads.
    """
    data = json.dumps(message).encode()
    left = memoryview(len(data).to_bytes(_SIZE_BYTES, "big") + data)
    while left:
        left = left[stream.write(left) or 0 :]
    stream.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            return None
        data += part
    return bytes(data)


def _refuse_sockets(event: str, _: tuple[Any, ...]) -> None:
    if event in _CONNECTING:
        raise OSError("the process of the deep scan opens no connection")


class _Watch:
    """Ends the process when nobody has asked for long, or when who started it is gone."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._busy = False
        self._last = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    def busy(self, busy: bool) -> None:
        self._busy, self._last = busy, time.monotonic()

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            idle = not self._busy and time.monotonic() - self._last > IDLE_S
            if idle or os.getppid() != self._parent:
                os._exit(0)


def main(arguments: Sequence[str]) -> int:
    """Serve until the input ends. The first message says what can be seen, or why nothing can."""
    inlet = os.fdopen(os.dup(0), "rb", buffering=0)
    outlet = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # a library that prints must not disturb the messages
        os.dup2(nowhere, stream)
    sys.addaudithook(_refuse_sockets)
    watch = _Watch()
    watch.busy(True)
    engine, facts = _built(arguments[0] if arguments else "")
    send(outlet, facts)
    watch.busy(False)
    while engine is not None and (request := receive(inlet)) is not None:
        watch.busy(True)
        send(outlet, _answer(engine, str(request)))
        watch.busy(False)
    return 0


def _built(wanted: str) -> tuple[Any, dict[str, Any]]:
    from orchestrator_security.pii.deep.spacy_model import chosen_model

    model = chosen_model(wanted)
    with_torch = model is not None and model.needs_torch and not model.problem
    sys.meta_path.insert(0, _Absent([name for name in _HEAVY if not (with_torch and name in _TORCH)]))
    try:
        from orchestrator_security.pii.deep.presidio_engine import PresidioEngine

        engine = PresidioEngine(model)
    except Exception as error:  # noqa: BLE001 - whatever a broken package does, it is told
        told = f"not installed: {error.name}" if isinstance(error, ModuleNotFoundError) else type(error).__name__
        return None, {"problem": told}
    described = f"{model.name} {model.version}".strip() if model is not None and not engine.problem else ""
    problem = f"{model.name}: {engine.problem}" if model is not None and engine.problem else ""
    return engine, {"entities": engine.entities, "model": described, "model_problem": problem}


def _answer(engine: Any, text: str) -> dict[str, Any]:
    try:
        return {"found": [[each.start, each.end, each.entity, each.score] for each in engine.find(text)]}
    except Exception as error:  # noqa: BLE001 - told by its kind: a library's message may quote the text
        told = str(error) if type(error).__name__ == "Unfinished" else f"Presidio failed ({type(error).__name__})"
        return {"unfinished": told}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
