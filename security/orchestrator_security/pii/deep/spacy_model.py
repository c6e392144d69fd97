"""Which spaCy model is installed that knows names, and whether it fits the installed spaCy. It imports neither spaCy nor the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

_PREFERRED = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "xx_ent_wiki_sm")
_SUGGESTED = "en_core_web_sm"
_NAMING = frozenset(("ner", "entity_ruler", "span_ruler", "beam_ner"))
"""Components that name persons and places."""
_ON_TORCH = frozenset(("transformer", "curated_transformer"))


class SpacyModel(Struct, frozen=True):
    """A model on this machine."""

    name: str
    place: str
    """What ``spacy.load`` takes: its module, or a folder."""
    version: str = ""
    wants_spacy: str = ""
    """The versions of spaCy that it says it was made for."""
    names: bool = True
    """Whether it has a component that finds names."""
    needs_torch: bool = False
    problem: str = ""
    """Why it is not used; empty for one that can be."""
    fix: str = ""


def installed_models() -> list[SpacyModel]:
    """The models that are installed as packages, the one to use first. Never raises."""
    from importlib import metadata, util

    # spaCy's models announce themselves in this group; looking there imports neither spaCy nor them.
    found: dict[str, SpacyModel] = {}
    for point in metadata.entry_points(group="spacy_models"):
        module = point.value.partition(":")[0]
        try:
            spec = util.find_spec(module)
            folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec is not None else None
        except (ImportError, ValueError, StopIteration, AttributeError):
            folder = None
        if folder is not None:
            found[module] = described(folder, name=module, place=module)
    return sorted(found.values(), key=_rank)


def chosen_model(wanted: str = "") -> SpacyModel | None:
    """The model that names are found with: the one asked for (a folder or an installed model's name), else the best installed.

    One that cannot be used comes back with its ``problem``; None where none is installed. ``wanted="none"`` asks for none.
    """
    if wanted == "none":
        return None
    if not wanted:
        return next(iter(installed_models()), None)
    folder = Path(wanted)
    if folder.is_dir():
        return described(folder, name=folder.name, place=str(folder))
    missing = SpacyModel(wanted, wanted, problem="it is not installed", fix=f"python -m spacy download {wanted}")
    return next((model for model in installed_models() if model.name == wanted), missing)


def described(folder: Path, *, name: str, place: str) -> SpacyModel:
    """What a model's ``meta.json`` says of it."""
    import json

    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        components = [str(part) for part in meta.get("pipeline") or meta.get("components") or ()]
        wants, version = str(meta.get("spacy_version", "")), str(meta.get("version", ""))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        problem = f"its meta.json cannot be read ({type(error).__name__})"
        return SpacyModel(name, place, names=False, problem=problem, fix=_download(name))
    problem = misfit(wants)
    return SpacyModel(
        name, place, version, wants, bool(_NAMING.intersection(components)), bool(_ON_TORCH.intersection(components)),
        problem, _download(name) if problem else "",
    )  # fmt: skip


def misfit(wants_spacy: str, installed: str | None = None) -> str:
    """Why a model made for these versions of spaCy is not used with the installed one; empty when it fits or says nothing."""
    from importlib import metadata

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if installed is None:
        try:
            installed = metadata.version("spacy")
        except metadata.PackageNotFoundError:
            return "spaCy is not installed"
    if not wants_spacy:
        return ""
    try:
        fits = SpecifierSet(wants_spacy).contains(installed, prereleases=True)
    except InvalidSpecifier:
        return f"it says it is made for spaCy {wants_spacy[:40]!r}, which is no version"
    return "" if fits else f"it is made for spaCy {wants_spacy}; {installed} is installed"


def _download(name: str) -> str:
    return f"python -m spacy download {name if name.isidentifier() and '_' in name else _SUGGESTED}"


def _rank(model: SpacyModel) -> tuple[Any, ...]:
    place = _PREFERRED.index(model.name) if model.name in _PREFERRED else len(_PREFERRED)
    return (bool(model.problem), not model.names, model.needs_torch, place, not model.name.startswith("en"), model.name)
