"""What the services of the twin share: AWS's protocols, request checks, pages and refusals."""
