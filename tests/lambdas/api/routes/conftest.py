"""What tests of routes share with those of the domain behind them."""

from tests.lambdas.sessions.conftest import clock, dynamodb, store

__all__ = ["clock", "dynamodb", "store"]
