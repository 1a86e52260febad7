"""What Quarry knows of Bedrock's models, and how an alias becomes something that can be called."""
