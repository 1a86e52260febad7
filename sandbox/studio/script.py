"""The script of Studio: steps (:mod:`sandbox.scripting`) that fail, delay or refuse operations of ``sagemaker``.

``fail`` ends a change in Failed, Update_Failed or Delete_Failed.
"""

from __future__ import annotations

from sandbox.scripting import Script, Step

_SECONDS_IN_A_STATE = 0.2

_script = Script()
parse = _script.parse
replace = _script.replace
state = _script.state
decide = _script.decide
holds = _script.holds


def seconds(step: Step | None) -> float:
    """How long a change takes. Unscripted: long enough that a client sees that it is not done at once."""
    return step.seconds if step is not None and step.do == "take" else _SECONDS_IN_A_STATE
