"""The public face of the security room."""

from __future__ import annotations

from orchestrator.facade import get_orchestrator
from orchestrator_core.records import Finding as Finding
from orchestrator_security.contract import Admission as Admission
from orchestrator_security.contract import Answer as Answer
from orchestrator_security.contract import Guard as Guard
from orchestrator_security.contract import Question as Question
from orchestrator_security.contract import ScanContext as ScanContext
from orchestrator_security.contract import ScanVerdict as ScanVerdict
from orchestrator_security.injection.canary import CanaryWatch as CanaryWatch
from orchestrator_security.injection.canary import Leak as Leak
from orchestrator_security.injection.canary import new_canary as new_canary
from orchestrator_security.manager import SecurityManager as SecurityManager
from orchestrator_security.neutralise.html import escape_html as escape_html
from orchestrator_security.neutralise.path import safe_path as safe_path
from orchestrator_security.neutralise.shell import quote_shell as quote_shell
from orchestrator_security.neutralise.sql import SqlStatement as SqlStatement
from orchestrator_security.neutralise.sql import identifier as identifier
from orchestrator_security.neutralise.sql import sql_parameters as sql_parameters
from orchestrator_security.neutralise.untrusted import render_untrusted as render_untrusted
from orchestrator_security.redaction.pieces import PieceRedactor as PieceRedactor
from orchestrator_security.redaction.pieces import PieceRestorer as PieceRestorer
from orchestrator_security.redaction.vault import Vault as Vault
from orchestrator_security.scanner import Hit as Hit
from orchestrator_security.scanner import Scanner as Scanner


def get_security_manager() -> SecurityManager:
    """The security room of the default Orchestrator's store.

    Raises:
        StoreError: the store cannot be used.
    """
    return get_orchestrator().security
