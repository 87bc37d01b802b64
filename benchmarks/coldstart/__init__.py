"""What a cold start costs: handlers as `sam build` ships them, beside bare boto3 with one client."""
