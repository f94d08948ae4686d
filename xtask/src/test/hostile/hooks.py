"""What schemathesis cannot know of a shop: which ids exist, and how lines of JSON are written."""

import json
import os

import schemathesis

KNOWN = json.loads(os.environ["MERCATO_KNOWN_IDS"])


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


def about(value, known):
    """Half of what could be an id becomes that of something that exists."""
    if isinstance(value, str) and len(value) == 36 and value[-1] in "02468ace":
        return known
    return value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters:
        return path_parameters
    path = context.operation.path
    known = next((known for start, known in KNOWN.items() if path.startswith(start)), None)
    if known is None:
        return path_parameters
    return {name: about(value, known) for name, value in path_parameters.items()}


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    return {name: about(value, KNOWN[name]) if name in KNOWN else value for name, value in body.items()}
