"""The OpenAI-compatible endpoint: OpenAI's shapes outside, Bedrock's Converse inside."""
