"""The script of Studio: steps (:mod:`sandbox.scripting`) that fail, delay or refuse operations of ``sagemaker``.

``fail`` ends a change in Failed, Update_Failed or Delete_Failed.
"""

from __future__ import annotations

from sandbox.scripting import Script

_script = Script()
parse = _script.parse
replace = _script.replace
state = _script.state
decide = _script.decide
holds = _script.holds
