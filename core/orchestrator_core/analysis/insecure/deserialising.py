"""Data formats whose reading can run code (CWE-502)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import constant_text, is_constant
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.records import Severity

_FIX = "Read data with json, msgpack or another format that holds no code; verify a signature (hmac) where pickle must stay."
_YAML = "Use yaml.safe_load, or Loader=yaml.SafeLoader."


_BANDIT = ("B301", "B302", "B506", "B614")


def _runs_code(site: Site) -> None:
    if _is_signed(site):
        # Whoever has the key is trusted with more than data.
        site.judged(_BANDIT, harmless=True)
        message = "A format that can run code is read after its signature was checked"
        site.found("code-in-data", message, "low", 502, "Keep the key as safe as the program itself.", confidence=0.4)
        return
    site.found(
        "code-in-data",
        f"{site.name.rpartition('.')[0] or 'This format'} can run code while it reads data",
        "high",
        502,
        _FIX,
        confidence=0.9,
    )


def _is_signed(site: Site) -> bool:
    """Whether the function compares or verifies a signature before the place."""
    known = site.words() if site.where.node is not None else {}
    return any(known.get(name, site.call.lineno + 1) <= site.call.lineno for name in _VERIFIES)


_VERIFIES = (
    "compare_digest",
    "unsign",
    "verify_signature",
    "verify_digest",
    "verify_hmac",
    "check_signature",
    "verify",
)


def _shelf(site: Site) -> None:
    site.found("code-in-data", "shelve reads pickles, which can run code", "medium", 502, _FIX, confidence=0.7)


def _torch(site: Site) -> None:
    if not is_constant(site.keyword("weights_only"), True):
        site.found(
            "code-in-data",
            "A model file is a pickle, which can run code",
            "medium",
            502,
            "Pass weights_only=True, or use safetensors.",
        )
    else:
        site.judged(("B614",), harmless=True)


def _numpy(site: Site) -> None:
    if is_constant(site.argument(2, "allow_pickle"), True):
        site.found(
            "code-in-data",
            "Arrays with pickles can run code while they are read",
            "high",
            502,
            "Leave allow_pickle off.",
        )


def _pandas(site: Site) -> None:
    site.found(
        "code-in-data", "A pickled table can run code while it is read", "medium", 502, "Use parquet, CSV or JSON."
    )


def _loader(site: Site, loader: ast.expr | None) -> str:
    """The library's loader behind a name, or behind a class of the text that extends it."""
    found = defined(site, loader)
    name = site.dotted(found).rpartition(".")[2] if found is not None else ""
    for node in getattr(site.evaluator.module, "body", ()):
        if isinstance(node, ast.ClassDef) and node.name == name and node.bases:
            return site.dotted(node.bases[0]).rpartition(".")[2]
    return name


def _yaml(site: Site) -> None:
    loader = site.argument(1, "Loader")
    name = _loader(site, loader)
    if name in ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"):
        site.judged(("B506",), harmless=True)
        return
    # A loader of the program's own is as safe as what it extends.
    severity: Severity = (
        "high"
        if loader is None or name in ("Loader", "UnsafeLoader", "CLoader", "FullLoader", "CFullLoader")
        else "low"
    )
    site.found("code-in-data", "YAML is read with a loader that can make any object", severity, 502, _YAML)


def _yaml_unsafe(site: Site) -> None:
    site.found("code-in-data", "YAML is read with a loader that can make any object", "high", 502, _YAML)


def _ruamel(site: Site) -> None:
    kind = site.text(site.argument(-1, "typ")) or site.text(site.argument(0, "typ"))
    if kind == "unsafe":
        site.found("code-in-data", "YAML is read with a loader that can make any object", "high", 502, _YAML)


def _model(site: Site) -> None:
    if is_constant(site.keyword("trust_remote_code"), True):
        site.found(
            "remote-code",
            "A model's own code from the network is run",
            "high",
            494,
            "Leave trust_remote_code off, or pin a revision that was read.",
        )


def _keras(site: Site) -> None:
    if is_constant(site.keyword("safe_mode"), False):
        site.found("code-in-data", "A model file may hold functions that are run", "high", 502, "Leave safe_mode on.")


def _untyped(site: Site) -> None:
    """A signed cookie of pickles, a worker that takes them: settings rather than calls."""
    node = site.node
    if isinstance(node, ast.Assign):
        name = site.dotted(node.targets[0]).rpartition(".")[2].lower()
        if name not in (
            "task_serializer",
            "accept_content",
            "celery_task_serializer",
            "celery_accept_content",
            "result_serializer",
            "session_serializer",
        ):
            return
        values = (
            [site.text(e) for e in node.value.elts]
            if isinstance(node.value, ast.List | ast.Tuple)
            else [site.text(node.value)]
        )
        if any("pickle" in (v or "").lower() for v in values):
            site.found("code-in-data", "Pickles are accepted, which can run code", "high", 502, _FIX)


def _kept_settings(site: Site) -> None:
    """``app.conf.update(task_serializer="pickle")`` of celery."""
    for keyword in site.call.keywords:
        if (keyword.arg or "").endswith(("serializer", "accept_content")):
            values = getattr(keyword.value, "elts", [keyword.value])
            if any("pickle" in (constant_text(value) or "").lower() for value in values):
                site.found("code-in-data", "Pickles are accepted, which can run code", "high", 502, _FIX)
                return


FAMILY = Family(
    calls={
        **dict.fromkeys(
            ("marshal.loads", "marshal.load", "dill.loads", "dill.load", "cloudpickle.loads", "cloudpickle.load", "jsonpickle.decode",
                "jsonpickle.loads",
             "pickle.loads", "pickle.load", "pickle.Unpickler", "_pickle.loads", "cPickle.loads", "cPickle.load", "joblib.load",
                 "_pickle.load",
             "jsonpickle.unpickler.decode", "sklearn.externals.joblib.load", "pickle.Unpickler().load", "dill.Unpickler",
                 "pandas.compat.pickle_compat.load",
             "pickle5.loads",
                 "yaml.constructor.UnsafeConstructor", "srsly.pickle_loads",
             "klepto.archives.file_archive", "kombu.serialization.pickle_loads", "rpyc.classic.connect",
                 "multiprocessing.connection.Client().recv"),
            _runs_code,
        ),
        **dict.fromkeys(("shelve.open", "shelve.DbfilenameShelf", "shelve.Shelf"), _shelf),
        "torch.load": _torch, "numpy.load": _numpy, "pandas.read_pickle": _pandas,
        **dict.fromkeys(("yaml.load", "yaml.load_all"), _yaml),
        **dict.fromkeys(("yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load", "yaml.full_load_all"), _yaml_unsafe),
        **dict.fromkeys(("ruamel.yaml.YAML", "YAML"), _ruamel),
        **dict.fromkeys(("keras.models.load_model", "tensorflow.keras.models.load_model", "keras.saving.load_model"), _keras),
    },
    methods={"update": _kept_settings, "recv_pyobj": _runs_code, "from_pretrained": _model, "load_dataset": _model, "pipeline": _model},
    assignments=(_untyped,),
)  # fmt: skip
