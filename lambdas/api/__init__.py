"""The edge of the endpoint: HTTP in and out, the routes, the object graph, what the log and the metrics are told."""
