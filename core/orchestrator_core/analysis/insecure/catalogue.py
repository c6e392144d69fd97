"""All families of own rules, and one call that applies them."""

from __future__ import annotations

import ast
from functools import cache

from orchestrator_core.analysis.insecure import (
    accounts,
    archives,
    authorisation,
    changed_environment,
    chosen_sizes,
    commands,
    derived_keys,
    deserialising,
    dynamic_code,
    endless_proofs,
    endless_waits,
    environment_leaks,
    error_details,
    file_permissions,
    foreign_cells,
    given_up_rights,
    hardcoded_secrets,
    homemade_ciphers,
    host_patterns,
    jwt_checks,
    model_prompts,
    object_binding,
    password_hashes,
    path_joins,
    places_of_programs,
    plain_answers,
    plain_connections,
    queries,
    query_shapes,
    races,
    redirects,
    regular_expressions,
    requests_made,
    shown_records,
    table_rules,
    text_cleaning,
    thrown_away,
    timed_comparisons,
    told_browsers,
    transport,
    trusted_claims,
    unbounded_work,
    unverified_sessions,
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
        accounts, archives, authorisation, changed_environment, chosen_sizes, derived_keys, commands, deserialising, dynamic_code,
        endless_proofs, endless_waits, environment_leaks, error_details, file_permissions, foreign_cells, given_up_rights,
        hardcoded_secrets, homemade_ciphers, host_patterns, jwt_checks, model_prompts, object_binding, password_hashes,
        plain_answers, path_joins, plain_connections, places_of_programs, queries, query_shapes, races, redirects,
        regular_expressions, requests_made, shown_records, table_rules, text_cleaning, thrown_away, timed_comparisons,
        told_browsers, transport, trusted_claims, unbounded_work, unverified_sessions, weak_crypto, weak_random, weak_tokens,
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
