"""SageMaker's control plane: models, endpoint configs, endpoints, and what happens to them."""
