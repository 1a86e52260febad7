"""What an environment may be told, and what the catalogue is compiled from: every knob, its bound, its default. No
aws_cdk.
"""
