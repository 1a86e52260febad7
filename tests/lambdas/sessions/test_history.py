"""What is sent of a history: inside the budget, in whole exchanges, as Converse accepts it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.tokens import BYTES_PER_TOKEN, cut_text, text_tokens
from lambdas.sessions.contents import tool_calls, tool_results
from lambdas.sessions.history import Plan, count_message, open_exchange, plan, summary_tokens
from lambdas.sessions.session import Message, StoredTurn
from tests.examples import examples
from tests.lambdas.sessions.conversation import assistant, call, chat, result, text_of, turn, user


def size(messages: list[Message]) -> int:
    return sum(map(count_message, messages))


def test_what_fits_is_sent_word_by_word() -> None:
    turns = [chat(1), chat(2)]

    assert plan(None, turns, budget_tokens=1000) == Plan([*turns[0].messages, *turns[1].messages], [])


def test_what_passes_the_budget_is_summarised_and_half_of_the_budget_stays_word_by_word() -> None:
    turns = [chat(number, length=288) for number in range(1, 11)]

    made = plan(None, turns, budget_tokens=1000)

    assert size(turns[0].messages) == 200
    assert made.to_summarise == turns[:8]
    assert made.context_messages == [*turns[8].messages, *turns[9].messages]


def test_after_a_summary_the_next_one_is_not_due_with_the_next_turn() -> None:
    kept = plan(None, [chat(number, length=288) for number in range(1, 11)], budget_tokens=1000)
    summary = "x" * summary_tokens(1000) * BYTES_PER_TOKEN

    again = plan(summary, [*[chat(9, 288), chat(10, 288)], chat(11, 288)], budget_tokens=1000)

    assert len(kept.context_messages) == 4
    assert again.to_summarise == []


def test_one_long_exchange_is_kept_whole_while_there_is_room() -> None:
    document = turn(2, user("x" * 2000), assistant("noted"))

    made = plan(None, [chat(1, 600), document], budget_tokens=1000)

    assert made.to_summarise == [chat(1, 600)]
    assert made.context_messages == document.messages


def test_an_exchange_larger_than_the_budget_is_summarised() -> None:
    document = turn(1, user("x" * 9000), assistant("noted"))

    assert plan(None, [document], budget_tokens=1000) == Plan([], [document])


def test_a_blocked_turn_is_neither_sent_nor_summarised() -> None:
    blocked = turn(2, user("project-nightshade"), assistant("Stopped."), blocked=True)

    small = plan(None, [chat(1), blocked, chat(3)], budget_tokens=1000)
    large = plan(None, [chat(1, 900), blocked, chat(3, 900), chat(4)], budget_tokens=1000)

    assert "nightshade" not in text_of(small.context_messages)
    assert [one.number for one in large.to_summarise] == [1, 3]


def test_a_tool_call_is_never_parted_from_its_result() -> None:
    asking = turn(1, user("Weather in Oslo and Rome?"), call("a", "b", city="Oslo"))
    answered = turn(2, result("a", "b", text="x" * 600), assistant("Mild."))

    small = plan(None, [asking, answered], budget_tokens=1000)
    large = plan(None, [asking, answered, chat(3, 500)], budget_tokens=700)

    assert [message["role"] for message in small.context_messages] == ["user", "assistant", "user", "assistant"]
    assert large.to_summarise == [asking, answered]


def test_the_exchange_that_is_being_answered_is_no_history_yet() -> None:
    asking = turn(2, user("Weather in Oslo?"), call("a", city="Oslo"))

    past, current = open_exchange([chat(1), asking], [result("a")])

    assert (past, current) == ([chat(1)], [asking])
    assert open_exchange([chat(1), asking], [user("Never mind")]) == ([chat(1), asking], [])
    assert open_exchange([], [result("a")]) == ([], [])


words = st.text(alphabet="ab 日\n", max_size=120)


@st.composite
def conversations(draw: st.DrawFn) -> list[StoredTurn]:
    """Turns as the platform stores them: plain ones, tool loops over several turns, abandoned calls, blocked ones."""
    turns: list[StoredTurn] = []
    waiting: list[str] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        text = draw(words)
        answers: bool = draw(st.booleans())
        first = result(*waiting, text=text) if waiting and answers else user(text or "?")
        waiting = []
        if draw(st.booleans()):
            answer = assistant(draw(words))
        else:
            waiting = [f"t{number}-{place}" for place in range(draw(st.integers(1, 3)))]
            answer = call(*waiting, city=draw(words))
        turns.append(turn(number, first, answer, blocked=draw(st.integers(0, 5)) == 0))
    return turns


@examples(500)
@given(conversations(), st.integers(50, 2000), st.one_of(st.none(), words), st.booleans())
def test_a_plan_stays_in_the_budget_alternates_and_parts_nothing(
    turns: list[StoredTurn], budget: int, summary: str | None, tools: bool
) -> None:
    known = cut_text(summary, summary_tokens(budget)) if summary else None

    made = plan(known, turns, budget_tokens=budget, tools=tools)

    sent = made.context_messages
    taken = summary_tokens(budget) if made.to_summarise else text_tokens(known or "")
    assert size(sent) + taken <= budget
    assert [message["role"] for message in sent] == [("user", "assistant")[place % 2] for place in range(len(sent))]
    for before, after in itertools.pairwise([*sent, user("next")]):
        assert tool_calls(before) == tool_results(after)
    assert not sent or not tool_results(sent[0])
    assert all(message["content"] for message in sent)
    assert tools or not any(tool_calls(message) or tool_results(message) for message in sent)
    # Every turn that is not blocked is sent or summarised, older ones summarised.
    open_turns = [one for one in turns if not one.blocked]
    assert made.to_summarise == open_turns[: len(made.to_summarise)]


def test_what_fills_the_budget_to_the_last_token_fits() -> None:
    turns = [chat(1), chat(2)]
    taken = sum(size(one.messages) for one in turns) + text_tokens("notes")

    assert plan("notes", turns, budget_tokens=taken).to_summarise == []
    assert plan("notes", turns, budget_tokens=taken - 1).to_summarise == turns[:1]


def test_what_fills_half_of_the_budget_to_the_last_token_stays_word_by_word() -> None:
    turns = [chat(1, 600), chat(2, 288), chat(3, 288)]
    half = sum(size(one.messages) for one in turns[1:])

    assert plan(None, turns, budget_tokens=2 * half).to_summarise == turns[:1]
    assert plan(None, turns, budget_tokens=2 * half - 1).to_summarise == turns[:2]


def test_one_long_exchange_fits_beside_the_most_that_a_summary_takes_to_the_last_token() -> None:
    document = turn(2, user("x" * 2000), assistant("noted"))
    budget = next(number for number in range(2000) if number - summary_tokens(number) == size(document.messages))

    assert plan(None, [chat(1, 900), document], budget_tokens=budget).to_summarise == [chat(1, 900)]
    assert plan(None, [chat(1, 900), document], budget_tokens=budget - 1).context_messages == []
