"""Conversations that the platform remembers: raw turns kept, a rolling summary beside them, one owner each."""
