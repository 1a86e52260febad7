"""What the tests of the sandbox share: functions of their servers get the time that they need to start."""

import os

from tests.waiting import PATIENCE

# AWS's limit is for a processor of a function's own. What happens when it is over has a test, with a limit of its own.
os.environ["SANDBOX_INIT_SECONDS"] = str(PATIENCE)
