# A model of the aliases', in the file of llm's own that has others.
cat > "$(dirname "$(llm logs path)")/extra-openai-models.yaml" <<END
- model_id: quarry
  model_name: smart
  api_base: "$QUARRY_URL"
  api_key_name: quarry
END
llm keys set quarry --value "$QUARRY_KEY"
llm -m quarry "What is a quarry?"
