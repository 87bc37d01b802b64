"""Application Auto Scaling, as far as SageMaker variants go.

Targets, policies and scheduled actions are kept and described. Policies don't act on metrics. The minimum
acts: a variant below MinCapacity is raised to MinCapacity, unless scaling out is suspended.
"""
