"""The guardrail and its immutable versions."""
