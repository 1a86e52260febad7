"""One module per group of routes: reads the request, asks the domain, shapes the answer."""
