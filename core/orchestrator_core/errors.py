"""Every error Magnus raises.

MagnusError
├── UsageError                  the caller's own mistake; nothing ran
│   ├── UnknownAgent            no agent of that name is registered
│   ├── DuplicateAgent          the name is taken by another agent
│   ├── SettingsError           a setting is unknown or has the wrong type
│   └── TargetError             the folder or file to work on does not fit
├── StoreError                  the store cannot be used
│   ├── StoreTooNew             written by a newer version of Magnus
│   ├── StoreDamaged            the file is not a healthy SQLite database
│   ├── StoreReadOnly           the folder or file cannot be written
│   ├── StoreUnsafe             a link stands in its place, or it is another user's
│   ├── StoreFull               the disk is full
│   └── StoreBusy               another process holds the write lock
├── RunFailed                   raised by ``ExecutionResult.raise_for_failure()``
│   ├── RunBlocked              security stopped the call
│   └── RunCancelled            the caller or Ctrl-C stopped the call
├── AgentTimeout                an agent did not return within its time limit
├── ApprovalDenied              nobody allowed what an agent wanted to do
├── RetryLater                  raised *by* an agent: not now, try again later
├── OfflineRefused              a socket to another machine, which the offline guard refused; a PermissionError too
├── ModelError                  the local model gave no usable answer
│   ├── ModelUnavailable        nothing answers at the address
│   ├── ModelNotFound           the server has no such model
│   ├── ModelRefused            a remote ("cloud") model; Magnus is local-first
│   ├── ModelTimeout            no answer within the time limit
│   ├── ModelTruncated          the answer stopped before its end
│   ├── ModelBusy               the server's queue is full
│   ├── ModelRejected           the server rejected the request as it stands
│   └── ModelBadOutput          an answer that does not fit the schema
└── MissingDependency           a package that this feature needs is absent
"""

from __future__ import annotations

import errno


class MagnusError(Exception):
    """Base of every error Magnus raises. The message names the cause and the next step.

    ``code`` is stable and meant for programs; ``exit_code`` is what the command line exits with.
    """

    code = "magnus"
    exit_code = 1


class UsageError(MagnusError):
    """The caller's own mistake: a wrong argument type, name or setting. Nothing has run."""

    code = "usage"
    exit_code = 2


class UnknownAgent(UsageError):
    """No agent of that name is registered; the message names the nearest ones."""

    code = "unknown-agent"


class DuplicateAgent(UsageError):
    """An agent of that name exists already and ``replace=True`` was not given."""

    code = "duplicate-agent"


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range; the message names where it stands."""

    code = "settings"


class TargetError(UsageError):
    """The folder or file an agent should work on is missing, empty or of the wrong kind."""

    code = "target"


class StoreError(MagnusError):
    """The store cannot be used. When it is raised before an agent ran, the agent is not run."""

    code = "store"


class StoreTooNew(StoreError):
    """A newer version of Magnus wrote this store; nothing was written to it."""

    code = "store-too-new"


class StoreDamaged(StoreError):
    """The database file is damaged or no SQLite file at all; it was left as it is."""

    code = "store-damaged"


class StoreReadOnly(StoreError):
    """The store's folder or file cannot be written."""

    code = "store-read-only"


class StoreUnsafe(StoreError):
    """The store's folder or a file in it is a symbolic link, or belongs to another user; nothing was written."""

    code = "store-unsafe"


class StoreFull(StoreError):
    """The disk that holds the store is full."""

    code = "store-full"


class StoreBusy(StoreError):
    """Another process held the write lock for longer than the busy time-out."""

    code = "store-busy"


class RunFailed(MagnusError):
    """The agent's run failed; ``execution_id`` names the record."""

    code = "run-failed"

    def __init__(self, message: str, *, execution_id: str = "") -> None:
        super().__init__(message)
        self.execution_id = execution_id


class RunBlocked(RunFailed):
    """Security stopped the call before or after the agent ran."""

    code = "run-blocked"
    exit_code = 3


class RunCancelled(RunFailed):
    """The call was cancelled before it ended."""

    code = "run-cancelled"
    exit_code = 130


class AgentTimeout(MagnusError):
    """An agent did not return within ``timeout_s``; its thread may still be running."""

    code = "agent-timeout"


class ApprovalDenied(MagnusError):
    """Nobody said yes to what an agent wanted to do: somebody said no, or nobody answered in time. It is never asked again."""

    code = "approval-denied"
    exit_code = 3

    def __init__(self, message: str, *, capability: str = "", decision: str = "") -> None:
        super().__init__(message)
        self.capability = capability
        self.decision = decision


class RetryLater(MagnusError):
    """Raise it from an agent to say: this failed for now, try again after ``retry_after_s`` seconds."""

    code = "retry-later"

    def __init__(self, message: str = "try again later", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OfflineRefused(MagnusError, PermissionError):
    """The offline guard refused a socket to another machine; a ``PermissionError`` too, so that libraries take it for a failed connection.

    ``line`` is ``file:line`` of the code that asked, or empty where nothing shows it.
    """

    code = "offline-refused"

    def __init__(self, message: str, *, host: str = "", port: int | None = None, line: str = "") -> None:
        # Some libraries read these two of every OSError.
        super().__init__(errno.EACCES, message)
        self.message = message
        self.host = host
        self.port = port
        self.line = line

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[OfflineRefused], tuple[str], dict[str, object]]:
        # Exceptions are copied and pickled by calling the class with ``args``, which hold an OSError's two.
        return type(self), (self.message,), self.__dict__


class ModelError(MagnusError):
    """The local model gave no usable answer. ``retryable`` says whether asking again may help."""

    code = "model"
    retryable = False


class ModelUnavailable(ModelError):
    """Nothing answers at the model server's address."""

    code = "model-unavailable"
    retryable = True


class ModelNotFound(ModelError):
    """The server has no model of that name; the message names the command that would fetch it."""

    code = "model-not-found"


class ModelRefused(ModelError):
    """The name stands for a remote model; Magnus only talks to models on this machine."""

    code = "model-refused"


class ModelTimeout(ModelError):
    """The model did not answer within its time limit."""

    code = "model-timeout"
    retryable = True


class ModelTruncated(ModelError):
    """The answer ended before the model was done, or the prompt did not fit its window."""

    code = "model-truncated"
    retryable = True


class ModelBusy(ModelError):
    """The model server's queue is full."""

    code = "model-busy"
    retryable = True


class ModelRejected(ModelError):
    """The model server rejected the request (options, format, capability)."""

    code = "model-rejected"


class ModelBadOutput(ModelError):
    """The answer is no JSON, or does not fit the schema that was asked for."""

    code = "model-bad-output"
    retryable = True


class MissingDependency(MagnusError):
    """A package is absent or broken; the message names the feature and the install line."""

    code = "missing-dependency"

    def __init__(self, package: str, feature: str, reason: str = "") -> None:
        because = f" ({reason})" if reason else ""
        super().__init__(
            f"{feature} needs the package {package!r}{because}. Install it with: python -m pip install {package}"
        )
        self.package = package
        self.feature = feature
        self._arguments = (package, feature, reason)

    def __reduce__(self) -> tuple[type[MissingDependency], tuple[str, str, str], dict[str, object]]:
        # Exceptions are copied and pickled by calling the class with ``args``, which hold the finished message.
        return type(self), self._arguments, self.__dict__
