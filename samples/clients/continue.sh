mkdir -p ~/.continue
# The address and the key, Continue itself looks up in the environment. Its editor's extensions read the same file.
cat > ~/.continue/config.yaml <<'END'
name: Quarry
version: 1.0.0
schema: v1
models:
  - name: Quarry, smart
    provider: openai
    model: smart
    apiBase: ${{ secrets.QUARRY_URL }}
    apiKey: ${{ secrets.QUARRY_KEY }}
    roles: [chat, edit, apply]
END
cn --print "What is a quarry?"
