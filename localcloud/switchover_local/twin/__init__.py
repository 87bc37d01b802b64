"""The twin: a local stand-in for SageMaker endpoints and their surroundings, on virtual time.

One room per AWS service: `sagemaker`, `runtime` (SageMaker Runtime), `cloudwatch`, `autoscaling`
(Application Auto Scaling) and `quotas` (Service Quotas). All services have the same structure:

- *Books* hold endpoints, alarms, metrics and scalable targets. They don't depend on requests.
- *Operations* use the books. A public method of an operations class is one of AWS's operations, under
  boto3's name. It takes the call's parameters and returns an `Answer`, or raises a `Refusal`.
- A `Service` finds the method of an operation. An operation without a method isn't modelled.
- The `FrontEnd` carries each request through the same steps: identify the call, throttle, inject faults,
  read and check the parameters against AWS's own model, perform the call, write the answer.

`wire` has everything between an HTTP request and an operation. `twin.Twin` connects the rooms and passes
changes between them. Imports form no circle, inside a room or between rooms.
"""
