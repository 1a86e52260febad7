"""``quarry``: the commands, and the one place where a failure becomes a sentence and an exit code."""

import sys
import traceback

import typer

from quarry.chat.commands import chat
from quarry.check.commands import check
from quarry.command_error import CommandError
from quarry.cost.commands import cost
from quarry.deployed.connect import connect
from quarry.deployed.outputs import outputs
from quarry.deployed.refusals import explained
from quarry.expiry.commands import extend, resume
from quarry.keys import commands as keys
from quarry.keys.usage import usage
from quarry.knowledge import commands as knowledge
from quarry.models import commands as models
from quarry.output import print_note
from quarry.prove.commands import prove
from quarry.teardown.commands import inventory, teardown
from quarry.tuning import commands as tune
from quarry.workshop import commands as workshop

app = typer.Typer(
    name="quarry",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Operate a deployed Quarry. Exit codes: 0 done, 1 could not be done or is not as it should be, "
        "2 asked for what cannot be."
    ),
)
app.command()(check)
app.command()(connect)
app.command()(chat)
app.command()(cost)
app.command()(outputs)
app.command()(usage)
app.command()(extend)
app.command()(resume)
app.command()(inventory)
app.command()(teardown)
app.command()(prove)
app.add_typer(keys.app, name="keys")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(models.app, name="models")
app.add_typer(tune.app, name="tune")
app.add_typer(workshop.app, name="workshop")


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        with explained():
            app()
    except CommandError as error:
        print_note(str(error), style="red")
        sys.exit(error.exit_code)
    except Exception:
        # A defect of ours. What its text quotes goes out as everything does: without what a terminal would obey.
        print_note(traceback.format_exc().rstrip())
        sys.exit(1)


if __name__ == "__main__":
    main()
