"""Service Quotas, as far as SageMaker instances go."""
