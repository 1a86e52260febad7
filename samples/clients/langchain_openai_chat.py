import os

from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="smart", base_url=os.environ["QUARRY_URL"], api_key=os.environ["QUARRY_KEY"])
print(model.invoke("What is a quarry?").content)
