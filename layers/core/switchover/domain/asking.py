"""How long a request to AWS may still take effect after its caller has ended.

Step Functions doesn't stop functions. A function continues after its execution was stopped or its
state timed out, and its requests may reach AWS after the function itself has ended.
"""

# The longest timeout of a function that changes anything in AWS (template.yaml, Globals).
ACTING_SECONDS = 50
# "In most cases, a request must reach AWS within five minutes of the time stamp in the request.
# Otherwise, AWS denies the request." (IAM User Guide, "AWS Signature Version 4 for API requests")
SIGNATURE_SECONDS = 300
# The time from the note of a request until no request of that function can land any more.
LANDING_SECONDS = ACTING_SECONDS + SIGNATURE_SECONDS
