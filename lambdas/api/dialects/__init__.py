"""APIs that callers speak, each a translation at the edge around ``lambdas.chat.conversation``.

A dialect is a folder here:

    request.py    the types of its request
    tolerated.py  what is made of fields that are not quite so: a table for lambdas.common.tolerance
    reading.py    reads a body
    conversation  makes a ``Conversation`` of it, with ``SpokenBuilder``
    answer        makes its answer of a ``Completion``
    events        makes its events of the neutral ones: one class, one table
    wire.py       the ``Dialect``: how errors and streams are put on the wire

An operation's row names its dialect, so that everything on the route has its shape. It is imported when it is asked
for: no request waits for the modules of another dialect.
"""
