"""One exchange with the model: reserve, look up, ask, settle, whole or streamed."""
