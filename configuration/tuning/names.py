"""Names that the Tuning stack gives and that commands look for."""

from typing import Final

# The stack's id, by which the CDK CLI calls it; the stack's own part of its name; its outputs.
STACK_ID: Final = "Tuning"
STACK: Final = STACK_ID.lower()
BUCKET_OUTPUT: Final = "TuningBucket"
PIPELINE_OUTPUT: Final = "TuningPipelineArn"
REMOVAL_OUTPUT: Final = "TuningRemovalArn"
TOPIC_OUTPUT: Final = "TuningTopicArn"
DRAIN_OUTPUT: Final = "TuningDrainSeconds"
