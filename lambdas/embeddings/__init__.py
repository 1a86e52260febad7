"""Texts to vectors: OpenAI's shapes outside, InvokeModel inside."""
