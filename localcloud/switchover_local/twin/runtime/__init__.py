"""SageMaker's data plane: requests to endpoints, their metrics, and load."""
