"""Findings in words: for CloudFormation's reason, the stack's output and the log."""

from collections.abc import Iterable, Sequence

from lambdas.model_access.verdicts import Finding, Standing, standings


def fails(findings: Iterable[Finding]) -> bool:
    """Whether an alias has no model that can be used."""
    return any(one.standing is Standing.NONE for one in standings(findings))


def summary(findings: Iterable[Finding]) -> str:
    """Return a phrase per alias: ``fast: ready; smart: fallback (anthropic_form_missing)``."""
    words = []
    for one in standings(findings):
        if one.standing is Standing.FIRST:
            words.append(f"{one.alias}: {one.verdict}")
        else:
            words.append(f"{one.alias}: {'fallback' if one.standing is Standing.FALLBACK else 'none'} ({one.verdict})")
    return "; ".join(words)


def reason(findings: Sequence[Finding]) -> str:
    """Return what is to be done so that every alias can be used: the worst first, a sentence per model."""
    order = {Standing.NONE: 0, Standing.FALLBACK: 1, Standing.FIRST: 2}
    by_alias = {one.alias: one.standing for one in standings(findings)}
    to_mend = sorted((one for one in findings if not one.usable), key=lambda one: order[by_alias[one.alias]])
    said: dict[str, None] = {}
    for one in to_mend:
        if by_alias[one.alias] is not Standing.FIRST:
            said[f"Model access: {one.alias} ({one.model_id}): {one.verdict}. {one.fix}"] = None
    return " | ".join(said)
