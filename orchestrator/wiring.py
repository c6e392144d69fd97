"""The only file that picks implementations."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from orchestrator.deep_scan.building import build_deep_scan
from orchestrator.deep_scan.memory_names import MemoryNames
from orchestrator.deep_scan.scanning import KIND as DEEP_SCAN
from orchestrator.flow.rooms import Rooms
from orchestrator.forgetting.cascade import cascade_for
from orchestrator.healing.healer import HistoryHealer
from orchestrator.observability.contract import Tracing
from orchestrator.observability.recording import SqliteRecorder
from orchestrator.observability.rejudging import KIND, rejudge_handler
from orchestrator.version import VERSION
from orchestrator_core.clock import Clock
from orchestrator_core.errors import StoreDamaged
from orchestrator_core.models.embedding.contract import PreparedModel
from orchestrator_core.records import Redact, Redacted, Verdict
from orchestrator_core.settings import Settings
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.home import DATABASE
from orchestrator_dashboards.contract import Dashboards
from orchestrator_evaluation.auto_judge import build_judge
from orchestrator_evaluation.contract import JudgeTask
from orchestrator_memory.forgetting.forget import KIND as FORGET
from orchestrator_memory.manager import MemoryManager, build_memory
from orchestrator_security.approvals.approvals import ApprovalDesk
from orchestrator_security.approvals.callback import OnApproval
from orchestrator_security.approvals.prompt import terminal_prompt
from orchestrator_security.approvals.question_store import QuestionStore
from orchestrator_security.building import build_guard, waits_for_deep_scan
from orchestrator_security.limits.limits import CallLimits
from orchestrator_security.manager import SecurityManager
from orchestrator_security.network.confinement import Confinement, build_confinement
from orchestrator_security.neutralise.untrusted import render_untrusted
from orchestrator_security.redaction.placeholder import KeyedNaming


def open_database(home: Path, settings: Settings) -> Database:
    """The store's database, not opened yet."""
    return Database(
        home / DATABASE, durability=settings.storage.durability, busy_timeout_s=settings.storage.busy_timeout_s
    )


def build_network(settings: Settings) -> Confinement:
    """What the settings say of the network, put in place.

    Raises:
        SettingsError: ``security.network_allow`` names what is no host.
        UsageError: the guard cannot be put in place.
    """
    return build_confinement(settings.offline, settings.security.network_allow, urls=named_servers(settings))


def named_servers(settings: Settings) -> tuple[str, ...]:
    """The addresses of servers that the settings name; empty texts among them."""
    return (settings.memory.chroma_url, settings.evaluation.ollama_url)


def store_key(database: Database) -> bytes:
    """The store's own random key for hashes of values, made at first use and shared by all processes."""
    rows = database.query("SELECT value FROM meta WHERE key = 'hash_key'")
    if not rows:
        database.execute(
            [("INSERT INTO meta (key, value) VALUES ('hash_key', ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),))]
        )
        rows = database.query("SELECT value FROM meta WHERE key = 'hash_key'")
    try:
        return bytes.fromhex(rows[0][0])
    except (TypeError, ValueError) as error:
        raise StoreDamaged(
            f"{database.path}: its hash key is no key ({error}); run: orchestrate doctor --repair"
        ) from error


class Built:
    """The rooms of one Orchestrator, and the parts of them that are used outside the line."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        database: Database,
        network: Confinement,
        clock: Clock,
        sleep: Callable[[float], None] | None,
        on_approval: OnApproval | Literal["terminal"] | None,
    ) -> None:
        key = store_key(database)
        self.identity = database.identity
        """The file whose key the rooms work with."""
        guard = build_guard(settings.security, hash_key=key, clock=clock)
        self.memory: MemoryManager = build_memory(
            database,
            settings.memory,
            clock=clock,
            redact=guard.redact,
            redact_data=guard.redact_data,
            prepare=lambda: _prepared_model(settings),
            cascade=cascade_for(database, home),
            around=network.confined,
            known_name=MemoryNames(database, KeyedNaming(key).value_hash).known,
        )
        self.limits = CallLimits(settings.security, clock, database=database, home=home)
        at_terminal = on_approval == "terminal"
        approvals = ApprovalDesk(
            QuestionStore(database),
            clock=clock,
            redact=guard.redact,
            callback=on_approval if callable(on_approval) else None,
            prompt=terminal_prompt() if at_terminal else None,
            sleep=sleep,
        )
        self.security = SecurityManager(
            guard,
            limits=self.limits,
            approvals=approvals,
            journal=lambda write: database.execute([(write.sql, write.params)]),
            clock=clock,
        )
        self.guard = guard
        self.deep_scan = build_deep_scan(
            database,
            settings.security,
            policy=guard.policy,
            hash_key=key,
            redact=guard.redact,
            clock=clock,
            waited=waits_for_deep_scan(settings.security, guard.policy),
            around=network.confined,
        )
        self.rooms = Rooms(
            settings=settings,
            clock=clock,
            guard=guard,
            limits=self.limits,
            approvals=approvals,
            memory=self.memory,
            judge=build_judge(settings.evaluation, offline=bool(settings.offline), clock=clock),
            healer=HistoryHealer(database, guard.redact),
            recorder=self.deep_scan.around(SqliteRecorder(database)),
            tracing=_tracing(guard.redact),
            render_memories=self.memory.render,
            render_untrusted=_fenced,
            log=lambda writes: database.execute([(write.sql, write.params) for write in writes]),
            digest_key=key,
            sleep=sleep,
        )
        self.handlers = {
            KIND: rejudge_handler(database, self._judge_stored),
            FORGET: self.memory.finish_forgetting,
            DEEP_SCAN: self.deep_scan.scanning.handle,
        }

    def _judge_stored(self, agent: str, request: Redacted, output: Redacted, kind: str, truncated: bool) -> Verdict:
        return self.rooms.judge.judge(JudgeTask(agent, request, output, kind, truncated))


def _fenced(text: str, source: str) -> str:
    return render_untrusted(text, source=source, max_chars=max(1, len(text)), keep_joiners=True)


def _prepared_model(settings: Settings) -> PreparedModel:
    from orchestrator_core.models.embedding.choice import prepared_model

    return prepared_model(
        settings.memory.embedding, ollama_url=settings.evaluation.ollama_url, offline=bool(settings.offline)
    )


def _tracing(redact: Redact) -> Tracing | None:
    from orchestrator.observability.tracing import OtelTracing

    try:
        tracing: Tracing = OtelTracing(version=VERSION, redact=redact)
    except (ImportError, ValueError):  # the SDK refuses to load where one of its own environment variables is wrong
        return None  # absent or switched off: calls go on without traces, and ``orchestrate doctor`` names a missing package
    return tracing


def dashboards_for(home: Path, database: Database, settings: Settings) -> Dashboards:
    """The page writer; jinja2 is imported when the first page is written."""
    from orchestrator_dashboards.writer import build_dashboards

    return build_dashboards(database, home / "dashboards", settings.dashboards, version=VERSION)
