"""Licences of a project's installed dependencies, told from their metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from orchestrator_core.analysis.installed import InstalledSet

_STRONG = re.compile(r"\bA?GPL|\bAffero|(?<!Lesser )(?<!Library )\bGeneral Public License", re.IGNORECASE)
_WEAK = re.compile(r"\bLGPL|Lesser General Public|Library or Lesser", re.IGNORECASE)


class Licence(Struct, frozen=True):
    """One dependency's licence. ``via`` is the declared dependency that brings it in, empty for a declared one."""

    name: str
    version: str
    licence: str
    via: str = ""

    @property
    def strong_copyleft(self) -> bool:
        """True where every offered licence is a strong copyleft one (GPL, AGPL): a choice (``MIT OR GPL``) is none."""
        choices = [part for part in re.split(r"\s+OR\s+|\s/\s", self.licence) if part]
        return bool(choices) and all(is_strong_copyleft(part) for part in choices)


def is_strong_copyleft(text: str) -> bool:
    """GPL or AGPL; the LGPL and licences with an exception (such as for linking) are not meant."""
    return bool(_STRONG.search(_WEAK.sub("", text))) and "exception" not in text.lower()


def licences_of(names: Iterable[str], installed: InstalledSet) -> tuple[list[Licence], list[str]]:
    """Licences of the named distributions and all they bring in, and the names that are not installed."""
    wanted: dict[str, str] = dict.fromkeys(names, "")
    brought = installed.closure(wanted)
    missing = sorted(name for name in wanted if installed.get(name) is None)
    found = []
    for name, via in sorted({**{n: v for n, v in brought.items() if n not in wanted}, **wanted}.items()):
        dist = installed.get(name)
        if dist is not None:
            found.append(Licence(name, dist.version, dist.licence or "unknown", via))
    return found, missing
