"""All families of own rules, and one call that applies them."""

from __future__ import annotations

import ast
from functools import cache

from orchestrator_core.analysis.insecure import (
    accounts,
    archives,
    authorisation,
    changed_environment,
    commands,
    deserialising,
    dynamic_code,
    endless_waits,
    environment_leaks,
    error_details,
    file_permissions,
    foreign_cells,
    hardcoded_secrets,
    homemade_ciphers,
    host_patterns,
    jwt_checks,
    model_prompts,
    object_binding,
    password_hashes,
    path_joins,
    plain_answers,
    plain_connections,
    queries,
    races,
    redirects,
    regular_expressions,
    requests_made,
    shown_records,
    table_rules,
    text_cleaning,
    timed_comparisons,
    told_browsers,
    transport,
    trusted_claims,
    unbounded_work,
    weak_crypto,
    weak_random,
    weak_tokens,
    web_output,
    web_settings,
    xml_parsing,
)
from orchestrator_core.analysis.insecure.flow import Flow
from orchestrator_core.analysis.insecure.rules import Rules
from orchestrator_core.analysis.insecure.site import Report
from orchestrator_core.analysis.insecure.variables import TooComplex


@cache
def _rules() -> Rules:
    modules = (
        accounts, archives, authorisation, changed_environment, commands, deserialising, dynamic_code, endless_waits, environment_leaks,
            error_details,
        file_permissions, foreign_cells, hardcoded_secrets, homemade_ciphers, host_patterns, jwt_checks, model_prompts, object_binding,
        password_hashes, plain_answers, path_joins, plain_connections, queries, races, redirects, regular_expressions, requests_made,
        shown_records, table_rules, text_cleaning, timed_comparisons, told_browsers, transport, trusted_claims, unbounded_work,
            weak_crypto, weak_random, weak_tokens,
        web_output, web_settings, xml_parsing,
    )  # fmt: skip
    return Rules(module.FAMILY for module in modules)


def apply_rules(tree: ast.Module, path: str) -> tuple[Report, str]:
    """What the own rules found in a module, and why they stopped early, if so. Total: any tree that ``ast.parse`` gave."""
    flow = Flow(_rules(), path)
    try:
        flow.run(tree)
    except (TooComplex, RecursionError):
        return flow.report, "own rules stopped: the code is too complex; split it into smaller functions"
    return flow.report, ""
