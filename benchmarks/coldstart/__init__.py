"""The cost of cold starts: handlers as `sam build` ships them, and bare boto3 with one client."""
