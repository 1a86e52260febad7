"""Who takes part: those of a roster, or as many as a number says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from configuration.studio.person import Person, id_of
from configuration.studio.section import Studio

# SageMaker's longest display name.
MAX_DISPLAY: Final = 64


@dataclass(frozen=True)
class Participant:
    """Somebody who takes part.

    Attributes:
        id: matches SageMaker's ``^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$``, lower case.
        display_name: free text of 1 to 64 characters, on one line. It may begin like a formula:
            ``configuration.studio.roster.cell`` writes it into a CSV.
        email: None if there is none.
    """

    id: str
    display_name: str
    email: str | None = None


def participants(studio: Studio) -> tuple[Participant, ...]:
    """Return who takes part: those of the roster in its order, or participant-01 and so on."""
    if studio.roster is not None:
        return of_people(studio.roster)
    return tuple(
        Participant(f"participant-{number:02}", f"Participant {number:02}")
        for number in range(1, (studio.participants or 0) + 1)
    )


def of_people(people: Sequence[Person]) -> tuple[Participant, ...]:
    """Return the participants that a roster's people are. Their ids are all different: the roster saw to it."""
    return tuple(Participant(id_of(one), shortened(one.name), one.email) for one in people)


def shortened(name: str) -> str:
    """Return a name as SageMaker takes it for display, with a mark where it was cut."""
    return name if len(name) <= MAX_DISPLAY else f"{name[: MAX_DISPLAY - 1]}…"
