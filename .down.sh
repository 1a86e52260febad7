export QUARRY_STATE=/tmp/m-f/.quarry; cd /tmp/m-f; . /tmp/env.sh
date
python -m sandbox exec -- python -m quarry inventory --environment sandbox | tail -30
date
python -m sandbox exec -- python -m quarry teardown --environment sandbox --yes --retain nothing; echo "exit $?"
date
python -m sandbox inventory --except CDKToolkit
