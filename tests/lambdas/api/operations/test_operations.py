"""The table of operations: what its rows name is there, and a row with its function is a route."""

import json
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec import Struct
from starlette.testclient import TestClient

from lambdas.api import app, handler
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.openapi.document import describe
from lambdas.api.operation import Operation, Parameter, resolve
from lambdas.api.operations import OPERATIONS, of
from lambdas.common.errors import InvalidRequestError
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.fakes import converse_reply

PLACE = Parameter(name="place", about="which", schema={"type": "integer", "minimum": 1, "maximum": 9, "default": 4})


class Stone(Struct, tag_field="object", tag="stone"):
    """A stone."""

    name: str
    place: int
    key: str


def read_stone(call: Call) -> Answer[Stone]:
    """Return a stone."""
    stone = Stone(name=call.path["name"], place=PLACE.number(call.query), key=call.caller.key_id)
    return Answer(body=stone, headers={"x-quarry-model": "granite"})


def row(**changes: Any) -> Operation:
    """Return the row of a route that the API has not."""
    fields = {
        "method": "GET",
        "path": "/v1/stones/{name}",
        "name": "readStone",
        "about": "Return a stone.",
        "function": "inference",
        "handler": f"{__name__}:read_stone",
        "answer": f"{__name__}:Stone",
        "status": 203,
        "headers": ("x-quarry-model",),
        "query": (PLACE,),
        "errors": (InvalidRequestError,),
    }
    return Operation(**{**fields, **changes})


def plain(type_: Any) -> Any:
    """Return a type without what is only said of it."""
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_function_takes_a_call_and_answers_what_its_row_says(operation: Operation) -> None:
    hints = get_type_hints(resolve(operation.handler))
    body = plain(resolve(operation.answer)) if operation.answer else dict[str, Any]
    answer: Any = Answer[body]  # type: ignore[valid-type]  # known when this runs

    given = hints.pop("return")

    assert list(hints.values()) == [Call]
    if operation.anthropic:
        answer |= Answer[resolve(operation.anthropic)]  # type: ignore[misc]  # likewise
    assert given == (answer | Streamed if operation.events else answer)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_is_read_and_what_is_sent_are_types(operation: Operation) -> None:
    for reference in (operation.body, operation.answer, operation.anthropic, operation.events):
        if reference:
            assert resolve(reference)
    if operation.body:
        assert issubclass(resolve(operation.body), Struct)


def test_each_route_is_one_functions_and_only_the_streaming_one_streams() -> None:
    assert {one.function for one in OPERATIONS if one.events} == {"chat"}
    routes = [(one.method, one.path) for one in (*of("chat"), *of("inference"))]
    assert len(set(routes)) == len(routes) == len(OPERATIONS)


@pytest.mark.parametrize("reference", ["lambdas.api.nothing:name", "lambdas.api.call:nothing", "lambdas.api.call"])
def test_what_is_not_there_is_not_resolved(reference: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        resolve(reference)


def test_a_row_and_its_function_are_a_route(serve: Serve) -> None:
    serve(converse_reply())
    event = events.load("chat_completion") | {
        "httpMethod": "GET",
        "path": "/v1/stones/slate",
        "queryStringParameters": {"place": "7"},
    }

    reply = handler.resolver((*OPERATIONS, row())).resolve(event, LambdaContext())

    key_id = event["requestContext"]["authorizer"]["key_id"]
    assert reply["statusCode"] == 203
    assert json.loads(reply["body"]) == {"object": "stone", "name": "slate", "place": 7, "key": key_id}
    assert reply["multiValueHeaders"]["x-quarry-model"] == ["granite"]


def test_it_may_as_well_be_the_streaming_functions(serve: Serve) -> None:
    serve(converse_reply())
    context = events.load("chat_completion")["requestContext"]
    client = TestClient(app.application((row(function="chat"),)))

    reply = client.get("/v1/stones/slate?place=7", headers={"x-amzn-request-context": json.dumps(context)})

    assert (reply.status_code, reply.json()["place"]) == (203, 7)
    assert (reply.headers["x-request-id"], reply.headers["x-quarry-model"]) == (context["requestId"], "granite")


def test_it_is_described_with_its_types() -> None:
    described = describe((*OPERATIONS, row()))

    operation = described["paths"]["/v1/stones/{name}"]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["name", "place"]
    assert set(operation["responses"]) == {"203", "400", "401", "429", "500", "503"}
    stone = described["components"]["schemas"]["Stone"]
    assert (stone["description"], stone["required"]) == ("A stone.", ["object", "name", "place", "key"])


@pytest.mark.parametrize("text", ["", "0", "10", "-1", "+1", "1.0", "²", "9" * 5000])
def test_a_wrong_number_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="from 1 to 9") as refused:
        PLACE.number({"place": text})

    assert refused.value.param == "place"
    assert PLACE.number({}) == 4
