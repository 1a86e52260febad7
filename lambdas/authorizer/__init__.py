"""Who may call the API: bearer keys, of which only the SHA-256 is stored."""
