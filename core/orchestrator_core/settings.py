"""Every setting, its type, its default and what it means. Where the values come from is in ``configuration.sources``."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(ge=0)]
Days = Annotated[float, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]

STORE_FOLDER = ".orchestrator"
"""Name of the store's folder; a settings file may lie in it."""


class StageSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which stages run. Each may be overridden per feature and per call."""

    guard_in: bool = True
    recall: bool = True
    guard_out: bool = True
    judge: bool = True
    remember: bool = True
    healing: bool = True
    tracing: bool = True
    record: bool = True


class CallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one call."""

    timeout_s: Seconds = 300.0
    """Time limit of one attempt; 0 means none and runs the agent in the caller's own thread."""
    deadline_s: Seconds = 0.0
    """Time limit of the whole call with its retries; 0 means none."""
    output_max_bytes: Bytes = 1_048_576
    """Of an agent's output this much is kept in the history; the rest is hashed and counted."""


class SecuritySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What may pass."""

    request_max_bytes: Bytes = 1_048_576
    """A larger request is blocked."""
    redact_secrets: bool = True
    redact_pii: tuple[str, ...] = ("*",)
    """Kinds of personal data that are redacted, such as ``EMAIL_ADDRESS``; ``*`` stands for all but domain names, empty for none."""
    redact_output: bool = False
    """Also redact what the caller gets back, not only what is stored."""
    preset: Literal["dev", "strict", "audit"] = "dev"
    """Which table decides what to do about a finding; see ``docs/security-policy.md``."""
    policy_file: str = ""
    """A TOML file whose lines come before the preset's, from the project's folder where it is relative."""
    scanners: tuple[str, ...] = ("*",)
    """Which scanners of installed packages take part, by name, with ``*`` and ``?``; empty for none."""
    deep_scan: Literal["auto", "off"] = "auto"
    """``auto`` lets Presidio look at stored text in idle moments; the preset ``strict`` waits for it."""
    rate_limit_per_minute: Count = 0
    """Calls per minute of an agent and caller; 0 means no limit."""
    max_concurrent: Count = 0
    """Calls of one agent that may run at once; 0 means no limit."""
    daily_tokens: Count = 0
    """Tokens that one agent may use between two midnights, UTC; 0 means no limit."""
    daily_cost: Annotated[float, Meta(ge=0)] = 0.0
    """USD that one agent may cost between two midnights, UTC; 0 means no limit."""
    shared_limits: bool = False
    """Whether all processes with this store share the limits, or each has its own."""
    require_approval: tuple[str, ...] = ()
    """Agents and capabilities that run only after a person's yes, by name; ``*`` and ``?`` stand for any letters, as in ``fs.*``."""
    dangerous: tuple[str, ...] = (
        "shell.*", "fs.write", "fs.delete", "net.*", "code.exec", "payment.*", "email.send",
    )  # fmt: skip
    """Capabilities that need a person's yes once the call has read text from strangers; written like ``require_approval``."""
    approval_timeout_s: Seconds = 300.0
    """How long a person is waited for; then the answer is no."""
    network_allow: tuple[str, ...] = ()
    """Hosts that may be reached although ``offline`` is set: ``models.lan``, ``models.lan:8080``, ``*.corp.lan``, ``10.1.0.0/16``."""


class MemorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered and for how long."""

    namespace: str = "default"
    shared: tuple[str, ...] = ()
    """Other namespaces that are searched as well, for reading only."""
    recall_k: Count = 5
    token_budget: Count = 1000
    """Recalled memories together stay below this many tokens: four ASCII characters each, or two bytes of anything else."""
    session_days: Days = 1.0
    tasks_days: Days = 7.0
    knowledge_days: Days = 90.0
    lessons_days: Annotated[float, Meta(ge=0)] = 0.0
    """0 keeps lessons for ever."""
    embedding: str = ""
    """The embedding model: empty for all-MiniLM-L6-v2, a folder, the name of a SentenceTransformer in the local hub cache,
    ``ollama:NAME``, or ``none`` for keyword search only."""
    index: Literal["auto", "exact", "chroma"] = "auto"
    """Where vectors are searched: ``exact`` scans all of them, ``chroma`` asks an embedded Chroma; ``auto`` scans up to 200,000."""
    chroma_url: str = ""
    """A Chroma server that several machines share, such as ``http://127.0.0.1:8000``; empty for none."""
    wait_s: Annotated[float, Meta(ge=0)] = 5.0
    """A search waits at most this long for the vectors of what its own process has just stored."""


class HealingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When a failure is tried again."""

    max_attempts: Annotated[int, Meta(ge=1, le=6)] = 6
    max_wait_s: Seconds = 70.0


class EvaluationSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How outputs are scored."""

    judge: Literal["auto", "llm", "rules"] = "auto"
    """``auto`` asks the local LLM where one answers and the rule judge elsewhere."""
    model: str = ""
    """Model name at Ollama; empty picks the first local completion model the server lists."""
    ollama_url: str = "http://127.0.0.1:11434"
    timeout_s: Seconds = 20.0
    pass_score: Annotated[float, Meta(ge=1, le=10)] = 6.0


class DashboardSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The pages."""

    auto: bool = True
    """Refresh ``dashboard_latest.html`` when the process is idle and at exit."""
    hours: Annotated[float, Meta(gt=0)] = 24.0
    min_interval_s: Seconds = 60.0


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long records are kept; rollups are kept for ever."""

    traces_days: Days = 7.0
    history_days: Days = 30.0


class StorageSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The database file."""

    home: str = ""
    """The store's folder; empty searches for ``.orchestrator`` from the current folder upwards."""
    durability: Literal["process", "power"] = "process"
    """``process`` survives a killed process, ``power`` also a power cut (about 4 ms more per call)."""
    busy_timeout_s: Seconds = 30.0


class AgentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where agents come from."""

    modules: tuple[str, ...] = ()
    """Modules to import; their ``@agent`` functions register themselves."""
    workbench: bool = True
    """The seven agents that come with Magnus."""


class FeatureSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Overrides for calls with this ``feature_name``: only what is named changes."""

    stages: dict[str, bool] = field(default_factory=dict)
    namespace: str | None = None
    timeout_s: Seconds | None = None
    deadline_s: Seconds | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of one Orchestrator."""

    offline: bool | Literal["process"] = True
    """Agents' calls and Magnus's own workers open no connection but to loopback and to the hosts that the settings name; ``"process"``
    holds the whole process to that. See ``docs/security-offline.md``."""
    stages: StageSettings = StageSettings()
    call: CallSettings = CallSettings()
    security: SecuritySettings = SecuritySettings()
    memory: MemorySettings = MemorySettings()
    healing: HealingSettings = HealingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    dashboards: DashboardSettings = DashboardSettings()
    retention: RetentionSettings = RetentionSettings()
    storage: StorageSettings = StorageSettings()
    agents: AgentSettings = AgentSettings()
    features: dict[str, FeatureSettings] = field(default_factory=dict)
