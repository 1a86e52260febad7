"""What CloudFormation cannot do by itself when something comes and goes: wait, empty a bucket, and what others add."""
