set -x
cd /tmp/m-f; . /tmp/env.sh
export CDK_HOME=$PWD/.cache/cdk CDK_OUTPUT=$PWD/cdk.out/sb
python -m sandbox up --aws-port 4616 --port 8816
mkdir -p .cache
python -m sandbox exec -- sh -c 'cd .cache && cdk bootstrap "aws://000000000000/$AWS_REGION" --no-notices' 2>&1 | tail -3
python -m sandbox exec -- cdk deploy --all --context environment=sandbox --require-approval never --no-notices 2>&1 | tail -30
python -m sandbox exec -- quarry connect --environment sandbox --base-url "$(python -m sandbox url)/v1" | tail -5
date
