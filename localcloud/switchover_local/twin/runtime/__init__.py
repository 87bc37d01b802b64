"""SageMaker's data plane: requests to endpoints, what they measure, and load."""
