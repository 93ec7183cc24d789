"""What a portable manifest does with each answer: the kit's table of failures, as far as airbyte-cdk's filters go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Component = dict[str, Any]

# The first filter that matches an answer decides, so all refusals stand before those that look into the body.
_OTHER_REFUSALS = [400, 402, 405, 406, 407, 409, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 431, 451]
_RETRIES = 8


def error_handler(retriever: Mapping[str, Any]) -> Component:
    """The error handler of an endpoint, from its real retriever."""
    real = retriever["requester"]["error_handler"]
    credential, console = real["credential"], real["console"]
    gone = {"type": "HttpResponseFilter", "http_codes": [404, 410]}
    filters: list[Component] = [
        {
            "type": "HttpResponseFilter",
            "http_codes": [401],
            "action": "FAIL",
            "failure_type": "config_error",
            "error_message": (
                f"The server refused {credential} (HTTP 401). Check for copy-and-paste mistakes, or get a new "
                f"credential in {console}."
            ),
        },
        {
            "type": "HttpResponseFilter",
            "http_codes": [403],
            "action": "FAIL",
            "failure_type": "config_error",
            "error_message": f"No access to {{{{ request_url }}}} (HTTP 403). {real['permission']}",
        },
    ]
    if real.get("missing_is_none"):
        filters.append({**gone, "action": "IGNORE"})
    else:
        filters.append(
            {
                **gone,
                "action": "FAIL",
                "failure_type": "config_error",
                "error_message": "There is no {{ request_url }} (HTTP 404). Check base_url.",
            }
        )
    filters += [
        {
            "type": "HttpResponseFilter",
            "http_codes": _OTHER_REFUSALS,
            "action": "FAIL",
            "failure_type": "system_error",
            "error_message": "{{ request_url }} refused the request.",
        },
        {"type": "HttpResponseFilter", "http_codes": [429], "action": "RATE_LIMITED"},
    ]
    filters += [
        {"type": "HttpResponseFilter", "predicate": f"{{{{ {junk} }}}}", "action": "RETRY", "error_message": _JUNK}
        for junk in _junk(retriever)
    ]
    return {
        "type": "DefaultErrorHandler",
        "max_retries": _RETRIES,
        "response_filters": filters,
        # The headers that tell of the limit come with every answer. airbyte-cdk can't tell a 429 from a 500 here, and
        # would wait for the limit to be reset after each failure; so they are the budget's alone.
        "backoff_strategies": [
            {"type": "WaitTimeFromHeader", "header": "Retry-After"},
            {"type": "ExponentialBackoffStrategy", "factor": 2},
        ],
    }


_JUNK = "{{ request_url }} did not answer with the JSON of this API."


def _junk(retriever: Mapping[str, Any]) -> list[str]:
    """What no answer of this endpoint looks like. A body that is no JSON arrives here as an empty object."""
    extractor = retriever["record_selector"]["extractor"]
    if "field_path" in extractor:
        (field,) = extractor["field_path"]
        return [f"response is not mapping or '{field}' not in response"]
    if extractor.get("single") and not extractor.get("none_if_empty"):
        return ["response is not mapping or not response"]
    # `null` would pass for an empty page, and so for the end of the list. Of what may be empty it may say so.
    no_list = "response is mapping or response is string or response is not iterable"
    return [f"response is not none and ({no_list})" if extractor.get("none_if_empty") else no_list]
