"""``quarry outputs``: what an environment's stacks give out."""

from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_table


def outputs(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Show the outputs of an environment's stacks: the endpoint's URL, the keys table and so on.

    Example: quarry outputs -e dev --json
    """
    found = Deployment(environment(name)).outputs()
    if as_json:
        print_json(found)
        return
    rows = [(stack, key, value) for stack, values in found.items() for key, value in sorted(values.items())]
    print_table(("stack", "output", "value"), rows)
