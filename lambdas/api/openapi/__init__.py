"""The API's description for programs, made from the code that serves."""
