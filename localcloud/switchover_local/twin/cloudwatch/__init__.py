"""CloudWatch: metrics, metric math, alarms and composite alarms."""
