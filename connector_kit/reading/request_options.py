"""Where a manifest's `RequestOption` puts a value. Both APIs take everything in the query."""

from __future__ import annotations

from typing import Union

from airbyte_cdk.sources.declarative.models.declarative_component_schema import RequestOption as RequestOptionModel
from airbyte_cdk.sources.declarative.requesters.request_option import RequestOption


def parameter_of(option: Union[RequestOption, RequestOptionModel]) -> str:
    """The query parameter that the option names.

    Raises:
        ValueError: it names another place.
    """
    if option.inject_into.value != "request_parameter" or option.field_name is None:
        raise ValueError("RequestOption: inject_into must be request_parameter, with a field_name")
    # The CDK wraps plain names into interpolated strings.
    return str(getattr(option.field_name, "string", option.field_name))
