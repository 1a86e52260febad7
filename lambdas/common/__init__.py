"""What every function shares: settings, AWS clients, errors, logs and metrics, HTTP shapes."""
