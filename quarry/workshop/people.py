"""Who a command is about: all participants of an environment, or one of them by id or name."""

from collections.abc import Sequence
from pathlib import Path

from configuration.config import Config
from configuration.studio import roster
from configuration.studio.participants import Participant, participants
from configuration.studio.roster import RosterError
from configuration.studio.section import Studio
from quarry.command_error import CommandError


def section(config: Config) -> Studio:
    """Return the environment's section studio.

    Raises:
        CommandError: there is none, and how to write one.
    """
    if config.studio is None:
        raise CommandError(
            f"{config.name} has no workshop. Add a `studio` section to environments/{config.name}.yaml "
            "(`studio: {participants: 40}` takes all other defaults).",
            exit_code=2,
        )
    return config.studio


def planned(config: Config, file: Path | None) -> Studio:
    """Return the section as a plan takes it: with the people of a roster instead of its own, if one is given.

    Raises:
        CommandError: as ``section`` where no roster is given; the roster cannot be used, with a line per mistake.
    """
    if file is None:
        return section(config)
    try:
        people = roster.read(file, shown=str(file))
    except RosterError as error:
        raise CommandError(str(error), exit_code=2) from error
    own = config.studio or Studio(roster=people)
    return own.model_copy(update={"roster": people, "participants": None})


def named(name: str, studio: Studio) -> Participant:
    """Return the participant of that id, or of that display name if only one has it.

    Raises:
        CommandError: nobody has it, or more than one.
    """
    everybody = participants(studio)
    by_id = [one for one in everybody if one.id == name]
    found = by_id or [one for one in everybody if one.display_name.casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"{name!r} is the name of {ids(found)}: say which.", exit_code=2)
    raise CommandError(f"Nobody here is called {name!r}; there are {ids(everybody)}.", exit_code=2)


def ids(people: Sequence[Participant]) -> str:
    """Return the ids, with commas."""
    return ", ".join(one.id for one in people)
