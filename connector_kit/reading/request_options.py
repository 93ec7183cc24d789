"""Reads a manifest's `RequestOption`. Both APIs take all values in the query string, so no other place is supported."""

from __future__ import annotations

from typing import Union

from airbyte_cdk.sources.declarative.models.declarative_component_schema import RequestOption as RequestOptionModel
from airbyte_cdk.sources.declarative.requesters.request_option import RequestOption


def parameter_of(option: Union[RequestOption, RequestOptionModel]) -> str:
    """Return the name of the query parameter, such as `page`.

    Raises:
        ValueError: the option names another place, or no field.
    """
    if option.inject_into.value != "request_parameter" or option.field_name is None:
        raise ValueError("RequestOption: inject_into must be request_parameter, with a field_name")
    # The CDK wraps plain names in InterpolatedString.
    return str(getattr(option.field_name, "string", option.field_name))
