"""What runs in AWS Lambda. Imports neither aws_cdk nor anything of stacks/, quarry/ or sandbox/."""
