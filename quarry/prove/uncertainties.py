"""The one table of what was never seen on an account. docs/operations.md shows it: ``make api`` writes it there.

Whoever writes a form that only an account can confirm adds a row; whoever has an account runs ``quarry prove``, and a
row that is proven goes, with what was seen in the decision or the facts that it stood for.
"""

from typing import Final

from quarry.prove import control_plane, guardrail, requests
from quarry.prove.proof import Uncertainty

UNCERTAINTIES: Final[tuple[Uncertainty, ...]] = (
    Uncertainty(
        name="version-quotas",
        uncertain="whether a guardrail has 20 versions and a prompt 10 in this account, as the quotas' table says",
        written="no more are kept than the quota's published value",
        does="reads two quotas from Service Quotas",
        prove=control_plane.version_quotas,
    ),
    Uncertainty(
        name="profiles",
        uncertain="whether there are `in.` profiles, and `ca.` and `apac.` profiles of Nova Lite: pages disagree",
        written="the catalogue has them; the access check fails with words where an alias's profile is not there",
        does="lists the system-defined inference profiles of the environment's region",
        prove=control_plane.profiles,
    ),
    Uncertainty(
        name="adapter-layer",
        uncertain="whether the named version of the Lambda Web Adapter's layer can be read in the region",
        written="`functions.web_adapter_layer` names the version; without it the deployment fails at the chat function",
        does="reads the layer version's size",
        prove=control_plane.adapter_layer,
    ),
    Uncertainty(
        name="logging-role",
        uncertain="whether API Gateway keeps a role to log with after an environment was destroyed",
        written="one role for the account and region, [kept](#one-logging-role-per-account-and-region)",
        does="reads API Gateway's account setting and looks for the role",
        prove=control_plane.logging_role,
    ),
    Uncertainty(
        name="waits",
        uncertain="whether 90 s are enough until roles and data access policies are known everywhere",
        written="`knowledge.propagation_seconds`, and a deployment that failed at it goes on when it is repeated",
        does="reads the knowledge stack's events for what was refused",
        prove=control_plane.waits,
    ),
    Uncertainty(
        name="needs-profile",
        uncertain="in which words Converse refuses a model that can only be called through a profile",
        written='"on-demand throughput" anywhere in a ValidationException\'s message',
        does="calls such a model by its bare id, which is refused and costs nothing",
        prove=requests.needs_profile,
    ),
    Uncertainty(
        name="profile-condition",
        uncertain="whether `bedrock:InferenceProfileArn` is an application profile's ARN in a call through one",
        written="the role may call a model only under the condition that names the profile, ours where there is one",
        does="asks every chat alias for an answer of a word",
        usd=0.01,
        prove=requests.profile_condition,
    ),
    Uncertainty(
        name="search-type",
        uncertain="whether S3 Vectors takes `overrideSearchType`, and which",
        written="every search names its type, `SEMANTIC` by default; `HYBRID` is refused at synth for S3 Vectors",
        does="searches the documents once",
        usd=0.001,
        prove=requests.search_type,
    ),
    Uncertainty(
        name="hang-up",
        uncertain="that a stream whose caller hangs up runs to its end, through API Gateway too, and is charged so",
        written="the whole answer is charged and its turn stored; what the code does on a hang-up is defence only",
        does="has 200 numbers streamed twice, hangs up the second time, waits a minute and reads the key's usage",
        usd=0.05,
        prove=requests.hang_up,
    ),
    Uncertainty(
        name="frozen-connections",
        uncertain="whether connections that were idle while a function was frozen are closed, and what is seen of it",
        written="connections idle for 50 s are not used again; a request of which nothing was sent is sent once more",
        does="asks twice, with 400 s between",
        usd=0.001,
        prove=requests.frozen_connections,
    ),
    Uncertainty(
        name="security-policy-condition",
        uncertain="whether the condition `aoss:collection` holds for `aoss:DeleteSecurityPolicy`",
        written="making and deleting a collection's network policy share one statement with it; where a deletion is "
        "refused, the teardown names the policy as left",
        does="takes the environment down, with a knowledge base in OpenSearch Serverless",
        command="quarry teardown --environment ENVIRONMENT",
    ),
    Uncertainty(
        name="nextgen-collections",
        uncertain="whether knowledge bases can search OpenSearch Serverless collections that scale to zero",
        written="classic collections only; S3 Vectors is what costs nothing idle",
        does="makes a collection of that kind by hand, fills a knowledge base from it and searches",
        command="aws bedrock-agent-runtime retrieve --knowledge-base-id ID --retrieval-query text=travel",
        usd=1.0,
    ),
    Uncertainty(
        name="throttled-function",
        uncertain="that API Gateway answers as configured when Lambda throttles a function",
        written="a gateway response of its own, 429 with Retry-After where it can be told from other failures",
        does="takes the function's concurrency away and asks: nobody else is served meanwhile",
        command="aws lambda put-function-concurrency --function-name NAME --reserved-concurrent-executions 0",
    ),
    Uncertainty(
        name="past-schedule",
        uncertain="whether a schedule `at()` a past time fires at once",
        written="none is ever made: an end that has passed is refused when the environment is deployed",
        does="makes a schedule of the past, which sends a message to a queue",
        command="aws scheduler create-schedule --name past --schedule-expression 'at(2020-01-01T00:00:00)' ...",
    ),
    Uncertainty(
        name="tuned-models",
        uncertain="whether Nova 2 takes Nova's hyperparameters, what reserved strings its data may not have, and "
        "whether a deployment answers while it is moved to another model",
        written="the same names as Nova's; the job's own refusal is shown; a promotion is one update of the deployment",
        does="tunes on the least number of records, deploys on demand, promotes; an hour or two",
        command="quarry tune start --help",
        usd=5.0,
    ),
    Uncertainty(
        name="studio-start",
        uncertain="that JupyterLab reads the settings that the lifecycle script writes, at the first start too",
        written="the script merges them into the home directory; an app ends by its maximum age whatever was read",
        does="starts one participant's notebook and reads the server's settings in it",
        command="quarry workshop start --environment ENVIRONMENT",
        usd=0.05,
    ),
    Uncertainty(
        name="prices",
        uncertain="prices that no page was seen for, marked `[unverified]` in the catalogues",
        written="what an estimate says is marked as such; budgets count by the same prices",
        does="compares prices with AWS's price list, and writes nothing; those of models: quarry models refresh",
        command="quarry cost --refresh",
    ),
    Uncertainty(
        name="guardrail-outputs",
        uncertain="that ApplyGuardrail gives an output per text, in their order, where it masks one of several",
        written="as many outputs as texts are taken in order; of another number, each text is judged by itself",
        does="has two texts judged of which one holds an address of mail",
        prove=guardrail.outputs,
        usd=0.001,
    ),
    Uncertainty(
        name="guardrail-documents",
        uncertain="that Converse does not show the guardrail a document",
        written="documents that are text are shown to it beside the call: judged, and paid for, twice if it does",
        does="sends a document with an address of mail to a model, and looks for it in the guardrail's trace",
        usd=0.001,
        prove=guardrail.documents,
    ),
    Uncertainty(
        name="thoughts-of-another",
        uncertain="what a Claude says to signed thoughts of another Claude, which a fallback within an alias hands it",
        written="thoughts go back unchanged to every model that reasons; they are left out only for one that does not",
        does="asks two models of an alias, the second with the first one's thoughts and a tool's result",
        command="aws bedrock-runtime converse --model-id ID --messages file://with-thoughts.json",
        usd=0.05,
    ),
    Uncertainty(
        name="byte-code",
        uncertain="how long a cold start takes on Lambda with the byte code that is shipped",
        written="byte code of Python 3.13, never checked against its sources",
        does="reads the durations of the last starts from the function's log",
        command="aws logs filter-log-events --log-group-name NAME --filter-pattern '\"Init Duration\"'",
    ),
)
