"""What is said again of a caller's text, in replies and in the log, has an end."""

from lambdas.common.errors import MOST_QUOTED, MOST_SAID, InvalidRequestError, NotFoundError, cut


def test_a_short_message_is_said_as_it_is() -> None:
    error = InvalidRequestError("`a` and `b`: wrong.", param="a")

    assert (error.message, error.param, str(error)) == ("`a` and `b`: wrong.", "a", "`a` and `b`: wrong.")


def test_a_long_name_is_cut_and_what_follows_is_kept() -> None:
    error = NotFoundError(f"There is no model `{'Z' * 900_000}`. There are: `fast`.", param="m" * 1000)

    assert error.message == f"There is no model `{'Z' * MOST_QUOTED}…`. There are: `fast`."
    assert error.param == "m" * (MOST_QUOTED - 1) + "…"


def test_a_long_message_without_quotes_is_cut_too() -> None:
    assert len(NotFoundError("There is no GET /" + "x" * 10_000).message) == MOST_SAID


def test_what_fits_is_not_cut() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
