"""The playground: pages at the endpoint's own address, which call it as any other client does."""
