"""Names of what AWS wants named before it exists."""

from typing import Final

# Ids of all stacks that an environment may have, in the order in which they are made. They go in reverse, and the last
# to go is Foundation, in which the environment's end is at work.
STACKS: Final = ("Foundation", "Guardrails", "Knowledge", "Inference", "Prompts", "Tuning", "Studio")


def physical_name(environment: str, what: str) -> str:
    """Return the name of one of an environment's resources, as ``quarry-dev-guardrail``."""
    return f"quarry-{environment}-{what}"
