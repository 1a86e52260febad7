export OPENAI_API_BASE="$QUARRY_URL" OPENAI_API_KEY="$QUARRY_KEY"
# It asks for news, sends statistics, and fetches prices of models that it does not know, unless it is told not to.
export AIDER_CHECK_UPDATE=false AIDER_SHOW_RELEASE_NOTES=false AIDER_ANALYTICS_DISABLE=true
export LITELLM_LOCAL_MODEL_COST_MAP=True
about='{"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 128000}'
echo "{\"openai/smart\": $about, \"openai/fast\": $about}" > .aider.model.metadata.json
aider --model openai/smart --weak-model openai/fast --message "What is a quarry?"
