mkdir -p ~/.codex
cat > ~/.codex/config.toml <<END
model = "smart"
model_provider = "quarry"
[model_providers.quarry]
name = "Quarry"
base_url = "$QUARRY_URL"
env_key = "QUARRY_KEY"
wire_api = "responses"
END
codex exec --skip-git-repo-check "What is a quarry?"
