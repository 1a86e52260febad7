"""Texts judged by the environment's guardrail, in the shape of OpenAI's moderations."""
