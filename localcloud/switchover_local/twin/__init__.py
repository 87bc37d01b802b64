"""The twin: a local stand-in for SageMaker endpoints, on virtual time."""
