"""The commit a folder's code stands at, read from ``.git`` without starting git."""

from __future__ import annotations

from pathlib import Path


def commit_of(folder: Path) -> str:
    """The full hash of HEAD for the repository around a folder; empty outside one or where it cannot be read."""
    try:
        for place in (folder, *folder.parents):
            marker = place / ".git"
            if marker.exists():
                return _head(_git_folder(marker))
    except OSError:
        return ""
    return ""


def _git_folder(marker: Path) -> Path:
    if marker.is_dir():
        return marker
    # A worktree or submodule has a file here that points to its folder.
    target = marker.read_text(encoding="utf-8", errors="replace").partition("gitdir:")[2].strip()
    return (marker.parent / target).resolve()


def _head(git: Path) -> str:
    head = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    if not head.startswith("ref:"):
        return head if _is_hash(head) else ""
    name = head[4:].strip()
    common = git / "commondir"
    folders = [git]
    if common.is_file():
        folders.append((git / common.read_text(encoding="utf-8", errors="replace").strip()).resolve())
    for folder in folders:
        loose = folder / name
        if loose.is_file():
            found = loose.read_text(encoding="utf-8", errors="replace").strip()
            return found if _is_hash(found) else ""
        packed = folder / "packed-refs"
        if packed.is_file():
            for line in packed.read_text(encoding="utf-8", errors="replace").splitlines():
                found, _, ref = line.partition(" ")
                if ref == name and _is_hash(found):
                    return found
    return ""


def _is_hash(text: str) -> bool:
    return len(text) in (40, 64) and all(c in "0123456789abcdef" for c in text)
