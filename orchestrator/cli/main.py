"""The root of the command line: which commands there are, and what every error becomes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from orchestrator.cli.command import LazyGroup, common_options
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.output import Output
from orchestrator.cli.termination import Terminated, ending_as_interruption
from orchestrator_core.errors import MagnusError

INTERRUPTED = 130

COMMANDS = {
    "run": ("orchestrator.cli.run", "Run an agent on a request."),
    "agents": ("orchestrator.cli.agents", "Show which agents there are."),
    "history": ("orchestrator.cli.history", "Look at past calls."),
    "memory": ("orchestrator.cli.memory", "Look at what is remembered, add to it, forget, carry it in and out."),
    "approvals": ("orchestrator.cli.approvals", "See what agents want to do that needs a person's yes, and answer."),
    "security": ("orchestrator.cli.security", "Check texts and code, and look at what was decided."),
    "dashboard": ("orchestrator.cli.dashboard", "Write the dashboard and say where it is."),
    "doctor": ("orchestrator.cli.doctor", "Check the installation and the store, and repair a damaged store."),
    "setup": ("orchestrator.cli.setup", "Prepare what can be prepared now, and say what is missing."),
    "config": ("orchestrator.cli.config", "Show the settings and where each comes from."),
    "demo": ("orchestrator.cli.demo", "See everything at work on a real project."),
    "maintain": ("orchestrator.cli.maintain", "Do queued work, remove what has expired, give space back."),
}
"""Name, module that holds it as ``command``, and its line in the overview."""


class RootGroup(LazyGroup):
    """The one place where errors become messages and exit codes."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *_ignored: Any, **extra: Any
    ) -> NoReturn:
        """Run a command line and exit: 0 done, 1 failed, 2 usage, 3 blocked, 130 interrupted, 143 and 129 ended by SIGTERM and SIGHUP."""
        words = list(sys.argv[1:] if args is None else args)
        own = words[: words.index("--")] if "--" in words else words
        with Output.take(as_json="--json" in own) as output, ending_as_interruption():
            code = self._run(words, output, debug="--debug" in own, prog_name=prog_name or "orchestrate")
        sys.exit(output.exit_code(code))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Terminated as ended:
            # click takes a KeyboardInterrupt for a ^C on the screen, and begins a new line.
            raise click.Abort from ended

    def _run(self, words: list[str], output: Output, *, debug: bool, prog_name: str) -> int:
        try:
            code = super().main(words, prog_name, standalone_mode=False, obj=Invocation(output))
        except click.ClickException as error:
            output.usage_error(error)
            return error.exit_code
        except (click.Abort, KeyboardInterrupt) as stop:
            ended = stop if isinstance(stop, Terminated) else stop.__cause__
            if isinstance(ended, Terminated):
                output.error("terminated", str(ended))
                return ended.exit_code
            output.error("interrupted", "interrupted")
            return INTERRUPTED
        except MagnusError as error:
            output.error(error.code, str(error))
            return error.exit_code
        except OSError as error:
            if debug:
                raise
            where = f" ({error.filename})" if error.filename else ""
            output.error("system", f"{error.strerror or error}{where}")
            return 1
        except Exception as error:
            if debug:
                raise
            output.error(
                "internal",
                f"{type(error).__name__}: {error}. This is a bug in Magnus; --debug shows where it happened.",
            )
            return 1
        return code if isinstance(code, int) else 0


@click.group(
    "orchestrate",
    cls=RootGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="The options above may stand before or after a command. Exit codes: 0 done, 1 the run failed, 2 usage, 3 blocked,"
    " 130 interrupted.",
)
@common_options
@click.version_option(package_name="magnus-orchestrator", prog_name="orchestrate", message="%(prog)s %(version)s")
def cli() -> None:
    """Magnus runs agents with memory, self-healing, security checks and a judge, on this machine alone."""


def main() -> NoReturn:
    """Entry point of ``orchestrate`` and ``python -m orchestrator``."""
    cli.main()
