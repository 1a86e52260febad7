"""The record of what was asked of tuning."""

from sandbox.call_record import CallRecord

_record = CallRecord()
add = _record.add
state = _record.state
forget = _record.forget
