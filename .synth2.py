import json, pathlib
from configuration.environment_file import load
from tests import templates
c=load('sandbox-studio').model_copy(update={'tuning': load('sandbox-tuning').tuning, 'expires_after': load('dev').expires_after, 'budget': load('workshop').budget or load('dev').budget})
out=pathlib.Path('cdk.out/whole'); out.mkdir(parents=True, exist_ok=True)
for k,t in templates.synthesise(c).items():
    (out/f'{k}.template.json').write_text(json.dumps(t)); print(k,len(t['Resources']))
