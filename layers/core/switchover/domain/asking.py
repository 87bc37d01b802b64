"""How long a request to AWS may still take effect after its caller is gone.

Step Functions stops no function: one that was asked to change something goes on after its execution was
stopped or its state timed out, and what it has sent may reach AWS after the function itself has ended.
"""

# The longest that a function runs which changes anything in AWS (template.yaml, Globals).
ACTING_SECONDS = 50
# "In most cases, a request must reach AWS within five minutes of the time stamp in the request.
# Otherwise, AWS denies the request." (IAM User Guide, "AWS Signature Version 4 for API requests")
SIGNATURE_SECONDS = 300
# From the note of a request until nothing of its function can land any more.
LANDING_SECONDS = ACTING_SECONDS + SIGNATURE_SECONDS
