export OPENAI_API_BASE="$QUARRY_URL" OPENAI_API_KEY="$QUARRY_KEY"
aider --model openai/smart --weak-model openai/fast
