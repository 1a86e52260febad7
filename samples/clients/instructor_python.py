import os

import instructor
from openai import OpenAI
from pydantic import BaseModel


class Place(BaseModel):
    name: str
    depth_in_metres: int


client = instructor.from_openai(OpenAI(base_url=os.environ["QUARRY_URL"], api_key=os.environ["QUARRY_KEY"]))
messages = [{"role": "user", "content": "Describe a deep quarry."}]
print(client.chat.completions.create(model="smart", messages=messages, response_model=Place))
