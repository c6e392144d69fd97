"""Archives that write outside their folder or never end (CWE-22, CWE-409)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = 'tarfile: extractall(path, filter="data"). Elsewhere check that each member\'s resolved path stays inside the folder.'


def _extracted(site: Site) -> None:
    made = site.dotted(site.call.func)
    if site.last == "extract" and not ("tarfile" in made or "zipfile" in made or site.uses("tarfile", "zipfile")):
        return
    chosen = site.text(site.keyword("filter"))
    if (
        chosen in ("data", "tar")
        or _filter_set(site)
        or site.dotted(site.keyword("filter")).endswith(("data_filter", "tar_filter"))
    ):
        site.judged(("B202",), harmless=True)
        return
    if site.argument(1 if site.last == "extractall" else -1, "members") is not None or _checks_members(site):
        # Which members is the program's own decision; that it is a good one cannot be told from here.
        site.judged(("B202",), harmless=True)
        return
    if "zipfile" in made or (site.uses("zipfile") and not site.uses("tarfile")):
        # zipfile takes .. and leading slashes out of names; what is left is an archive that unpacks to terabytes.
        site.judged(("B202",), harmless=True)
        site.found(
            "archive-members",
            "An archive is unpacked whatever its size and members",
            "low",
            409,
            "Check the members' names and sizes first.",
            confidence=0.4,
        )
        return
    if "tarfile" in made or site.uses("tarfile", "py7zr", "rarfile"):
        site.judged(("B202",), harmless=False)
        site.found("archive-members", "An archive's members may be written outside the folder", "high", 22, _FIX)


def _filter_set(site: Site) -> bool:
    """``archive.extraction_filter = tarfile.data_filter`` before."""
    return site.mentions("extraction_filter") and site.mentions("data_filter", "tar_filter")


def _any_archive(site: Site) -> None:
    """Libraries that unpack anything and know no filter."""
    site.found(
        "archive-members", "An archive's members may be written outside the folder", "medium", 22, _FIX, confidence=0.6
    )


def _checks_members(site: Site) -> bool:
    """Whether the function looks at members' names before: ``getmembers``, ``namelist`` and a test that raises."""
    function = site.where.node
    if function is None or isinstance(function, ast.Lambda):
        return False
    lists = checks = False
    for inner in ast.walk(function):
        if getattr(inner, "lineno", 0) > site.call.lineno:
            continue
        if isinstance(inner, ast.Attribute) and inner.attr in (
            "getmembers",
            "namelist",
            "infolist",
            "getnames",
            "is_relative_to",
            "commonpath",
            "commonprefix",
            "isabs",
        ):
            lists = lists or inner.attr in ("getmembers", "namelist", "infolist", "getnames")
            checks = checks or not inner.attr.startswith("get")
        if isinstance(inner, ast.If) and any(isinstance(s, ast.Raise | ast.Continue | ast.Return) for s in inner.body):
            checks = True
    iterates = any(isinstance(n, ast.For) and n.lineno <= site.call.lineno for n in ast.walk(function))
    return checks and (lists or iterates)


def _unpacked(site: Site) -> None:
    kind = site.text(site.argument(2, "format")) or ""
    if site.text(site.keyword("filter")) in ("data", "tar") or kind == "zip":
        return
    site.found(
        "archive-members", "An archive's members may be written outside the folder", "medium", 22, _FIX, confidence=0.6
    )


FAMILY = Family(
    calls={
        "shutil.unpack_archive": _unpacked,
        **dict.fromkeys(
            (
                "patoolib.extract_archive",
                "pyunpack.Archive().extractall",
                "libarchive.extract_file",
                "libarchive.extract.extract_file",
                "unrar.rarfile.RarFile().extractall",
                "zipfile_deflate64.ZipFile().extractall",
                "tarfile.TarFile.extractall",
            ),
            _any_archive,
        ),
    },
    methods={"extractall": _extracted, "extract": _extracted},
)
