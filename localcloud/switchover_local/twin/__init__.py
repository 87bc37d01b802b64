"""The twin: a local stand-in for SageMaker endpoints and their surroundings, on virtual time.

One room per AWS service: `sagemaker`, `runtime` (SageMaker Runtime), `cloudwatch`, `autoscaling`
(Application Auto Scaling) and `quotas` (Service Quotas). All services are built and asked in one way:

- *Books* hold what exists: endpoints, alarms, metrics, scalable targets. They know nothing of requests.
- *Operations* use the books. A public method of an operations class is one of AWS's operations, under
  boto3's name. It takes the call's parameters and returns an `Answer`, or raises a `Refusal`.
- A `Service` finds the method of an operation. An operation without a method isn't modelled.
- The `FrontEnd` carries each request through the same steps: identify the call, throttle, inject faults,
  read and check the parameters against AWS's own model, perform the call, write the answer.

`wire` has everything between an HTTP request and an operation. `twin.Twin` puts the rooms together and
carries news from one to another. Imports form no circle, inside a room or between rooms.
"""
