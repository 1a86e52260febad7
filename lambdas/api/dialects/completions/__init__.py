"""OpenAI's completions of before chat, for clients that have never learnt another: a prompt is what the user says."""
