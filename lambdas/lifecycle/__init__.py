"""What CloudFormation cannot do by itself when a knowledge base comes and goes: wait, empty a bucket, fill a store."""
