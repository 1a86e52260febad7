"""``quarry tune``: a module per command; here they are put together."""

import typer

from quarry.tune.convert import convert
from quarry.tune.delete import delete
from quarry.tune.estimate_cost import estimate
from quarry.tune.extend import extend
from quarry.tune.promoting import promote
from quarry.tune.split import split
from quarry.tune.start import start
from quarry.tune.stats import stats
from quarry.tune.stop import stop
from quarry.tune.validate import validate
from quarry.tune.watch import list_runs, status

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
