"""What runs in a space, and not here: stacks.studio.lifecycle_script puts it into a lifecycle configuration."""
