"""Ranking and scores of passages."""

from __future__ import annotations

import pytest

from sandbox.knowledge.passages import Passage, PassageIndex

DOCUMENTS = {
    "piano": "Every piano in the house is tuned in March. The tuner brings his own hammer and wedges.",
    "library": "Books may be borrowed for three weeks. The library is in the house by the river.",
    "canteen": "Lunch is served from noon to two. The canteen is closed in August.",
    "parking": "Cars may be parked in the yard. A permit costs twelve crowns every month.",
    "keys": "A lost key is reported to the porter at once. The porter changes the lock.",
    "garden": "The garden is open every day until dusk. Dogs are kept on a leash.",
    "mail": "Letters are sorted by the porter in the morning. Parcels wait in the yard.",
    "choir": "The choir rehearses on Tuesdays in the great hall. New voices are welcome.",
    "heating": "Radiators are switched on in October. Windows stay closed when they are warm.",
    "waste": "Glass and paper are collected on Fridays. The bins stand in the yard.",
    "guests": "Guests sign the register at the door. They may stay in the house for a week.",
    "fire": "When the alarm rings, everybody meets in the yard. Nobody takes the lift.",
}


@pytest.fixture
def index() -> PassageIndex:
    found = PassageIndex()
    for name, text in DOCUMENTS.items():
        found.replace("source", name, [Passage("source", name, text)])
    return found


def _scores(index: PassageIndex, question: str) -> dict[str, float]:
    return {passage.uri: score for score, passage in index.search(question, most=20)}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("When does the tuner bring his hammer and wedges?", "piano"),
        ("How many weeks may I borrow books from the library?", "library"),
        ("What does a permit for parking a car cost per month?", "parking"),
        ("Who changes the lock after a lost key was reported?", "keys"),
        ("Where do dogs need a leash after dusk in the garden?", "garden"),
    ],
)
def test_three_rare_words_in_common_pass_one_half(index: PassageIndex, question: str, best: str) -> None:
    scores = _scores(index, question)

    assert max(scores, key=lambda name: scores[name]) == best
    assert 0.5 < scores[best] < 1
    assert all(score < 0.4 for name, score in scores.items() if name != best)


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of the country by the sea?",
        "May I build a rocket in the yard?",
        "Which house wins the championship in August next year?",
        "How do I apply for a passport at the embassy every year?",
        "Does the porter know the square root of seven?",
    ],
)
def test_one_or_two_common_words_stay_low(index: PassageIndex, question: str) -> None:
    assert max(_scores(index, question).values(), default=0.0) < 0.4


def test_a_short_question_can_be_answered(index: PassageIndex) -> None:
    assert _scores(index, "choir")["choir"] > 0.5
    assert _scores(index, "choir rocket")["choir"] < 0.4


def test_scores_rise_with_bm25_and_are_sorted(index: PassageIndex) -> None:
    found = index.search("porter lost key lock yard", most=20)

    scores = [score for score, _ in found]
    assert scores == sorted(scores, reverse=True)
    assert [passage.uri for _, passage in found][:2] == ["keys", "mail"]
    rows = index._database.execute(
        "SELECT -bm25(passage) FROM passage WHERE passage MATCH 'porter OR lost OR key OR lock OR yard' ORDER BY 1 DESC"
    ).fetchall()
    pairs = list(zip(scores, (row[0] for row in rows), strict=True))
    assert all((a > c) == (b > d) for a, b in pairs for c, d in pairs)


def test_words_are_stemmed_and_common_ones_dropped(index: PassageIndex) -> None:
    assert "choir" in _scores(index, "rehearsing")
    assert _scores(index, "the leash") == _scores(index, "leash")
    assert max(_scores(index, "where is it").values()) < 0.1


@pytest.mark.parametrize("question", ['"', "a AND", "NEAR(x", "col:x", "*", "'; DROP TABLE x", "^", "", "\0", "-"])
def test_no_question_breaks_the_search(index: PassageIndex, question: str) -> None:
    found = index.search(question, most=5)

    assert len(found) <= 5
    assert all(0 <= score <= 1 for score, _ in found)


def test_one_passage_alone_can_be_found() -> None:
    index = PassageIndex()
    assert index.search("anything", most=1) == []
    index.replace("s", "a", [Passage("s", "a", "Bagpipes need three drones and a chanter.")])

    assert index.search("How many drones do bagpipes need?", most=1)[0][0] > 0.5
    assert index.search("Who discovered the chanter in the northern sea?", most=1)[0][0] < 0.4


def test_other_scripts_are_found() -> None:
    index = PassageIndex()
    index.replace("s", "a", [Passage("s", "a", "有給休暇は年に二十日です。")])
    index.replace("s", "b", [Passage("s", "b", "会議室は三階にあります。")])
    index.replace("s", "c", [Passage("s", "c", "Die Prüfung findet im März statt.")])

    assert index.search("有給休暇は何日ですか", most=1)[0][1].uri == "a"
    assert index.search("prüfung", most=1)[0][1].uri == "c"


def test_passages_are_replaced_and_removed(index: PassageIndex) -> None:
    index.replace("source", "choir", [Passage("source", "choir", "The choir is on tour.")])
    index.replace("other", "choir", [Passage("other", "choir", "Another choir.")])
    assert [passage.text for _, passage in index.search("tuesdays tour", most=5)] == ["The choir is on tour."]

    index.remove_source("source")

    assert [passage.text for _, passage in index.search("choir yard", most=5)] == ["Another choir."]
