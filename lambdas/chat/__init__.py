"""One conversation: OpenAI's request outside, Bedrock's Converse inside, by the first of an alias's candidates that
can.
"""
