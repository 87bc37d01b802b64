"""Application Auto Scaling, as far as SageMaker variants go."""
