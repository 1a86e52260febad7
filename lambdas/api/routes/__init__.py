"""One module per group of routes, imported when first asked for: reads the call, asks the domain, shapes the answer."""
