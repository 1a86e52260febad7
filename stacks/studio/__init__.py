"""Studio: a SageMaker domain, and for every participant of a workshop a space, a role and a secret of their own."""
