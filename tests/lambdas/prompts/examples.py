"""A prompt to vary from."""

from lambdas.prompts.definition import Example, Inference, Prompt, Tool, Variable

TRANSLATION = Prompt(
    name="translation",
    version="0a1b2c3d",
    description="Translates",
    alias="fast",
    system="You translate.\n",
    template="{{text}}\nInto {{language}}, {{tone}}",
    variables=(
        Variable(name="text", description="What", max_length=100, required=True),
        Variable(name="language", description="Into what", max_length=10, required=True),
        Variable(name="tone", description="How", max_length=10, required=False),
    ),
    examples=(Example(user="<text>dog</text>\nInto <language>French</language>", assistant="chien"),),
    inference=Inference(temperature=0.2, max_tokens=50, stop=("END",)),
)
TOOLS = Prompt(
    name="weather",
    version="11111111",
    description="Weather",
    alias="fast",
    system="You tell the weather.",
    template="What is the weather?",
    tools=(Tool(name="get_weather", description="Weather", parameters={"type": "object", "properties": {}}),),
)
