"""``quarry tune``: a module per command; here they are put together."""

import typer

from quarry.tuning.convert import convert
from quarry.tuning.delete import delete
from quarry.tuning.estimate_cost import estimate
from quarry.tuning.extend import extend
from quarry.tuning.promoting import promote
from quarry.tuning.split import split
from quarry.tuning.start import start
from quarry.tuning.stats import stats
from quarry.tuning.stop import stop
from quarry.tuning.validate import validate
from quarry.tuning.watch import list_runs, status

app = typer.Typer(
    no_args_is_help=True,
    help="Tune a model: look at data and price first; start, watch, promote and delete runs.",
    epilog="Begin with: quarry tune convert tweets.csv --base amazon.nova-micro-v1:0 --prompt text --completion label",
)
app.command()(validate)
app.command()(estimate)
app.command()(convert)
app.command()(split)
app.command()(stats)
app.command()(start)
app.command()(status)
app.command("list")(list_runs)
app.command()(promote)
app.command()(stop)
app.command()(extend)
app.command()(delete)
