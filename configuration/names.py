"""Names of what AWS wants named before it exists."""


def physical_name(environment: str, what: str) -> str:
    """Return the name of one of an environment's resources, as ``quarry-dev-guardrail``."""
    return f"quarry-{environment}-{what}"
