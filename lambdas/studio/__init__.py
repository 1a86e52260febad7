"""What SageMaker Studio needs that CloudFormation does not do: everything people made goes first, and old apps stop."""
