"""Parts of the kit, each said with airbyte-cdk alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from connector_kit.personal_data import MARK, MARK_BY_NAME

Component = dict[str, Any]


def without_marks(schema: Any) -> Any:
    """A schema without the words that the kit alone reads."""
    if isinstance(schema, list):
        return [without_marks(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: without_marks(value) for name, value in schema.items() if name not in (MARK, MARK_BY_NAME)}


def with_defaults(template: str, fields: Mapping[str, Any]) -> str:
    """A template that knows the defaults of the config's fields: the package fills them in, airbyte-cdk does not."""

    def known(match: re.Match[str]) -> str:
        default = json.dumps(fields[match[1]].get("default"))
        return f"config.get('{match[1]}', {'none' if default == 'null' else default})"

    return re.sub(r"config\['(\w+)'\]", known, template)


def authenticator(real: Mapping[str, Any]) -> Component:
    """The header as a whole: a credential alone that looks like a number would be sent as one."""
    fields = [f"config['{field}'] | string | trim" for field in real["config_fields"]]
    pair = fields[0] if len(fields) == 1 else f"(({fields[0]}) ~ ':' ~ ({fields[1]})) | base64encode"
    return {
        "type": "ApiKeyAuthenticator",
        "api_token": f"{real['scheme']} {{{{ {pair} }}}}",
        "inject_into": {"type": "RequestOption", "inject_into": "header", "field_name": "Authorization"},
    }


def extractor(base: Mapping[str, Any], own: Mapping[str, Any]) -> Component:
    """Where an endpoint's records stand, and the rows that a derived stream makes of them."""
    path = list(base.get("field_path", []))
    if "expand" not in own:
        return {"type": "DpathExtractor", "field_path": path}
    *outer, last = own["expand"]
    for step in outer:
        path += [step["field"], "*"]
    # What comes from further out than the row's own parent is out of reach.
    inherited = {name for step in outer for name in step.get("keep", {})}
    expander: Component = {"type": "RecordExpander", "expand_records_from_field": [last["field"]]}
    if keep := {name: of for name, of in last.get("keep", {}).items() if of not in inherited}:
        expander["parent_fields"] = [
            {"type": "ParentFieldPath", "parent_path": [of], "record_path": [name]} for name, of in keep.items()
        ]
    if "position" in own:
        expander["remain_original_record"] = True
    return {"type": "DpathExtractor", "field_path": path, "record_expander": expander}


def ends_by_links(paginator: Mapping[str, Any] | None) -> bool:
    """Whether the server says which page is the last."""
    return paginator is not None and paginator["pagination_strategy"]["class_name"].endswith(".LaravelLinks")


def page_parameters(paginator: Mapping[str, Any] | None) -> dict[str, str]:
    """The parameters that ask for the next page, where two are possible: Laravel pages by number or by cursor."""
    if not ends_by_links(paginator):
        return {}
    value = "next_page_token['next_page_token']"
    return {"page": f"{{{{ {value} if {value} is number }}}}", "cursor": f"{{{{ {value} if {value} is string }}}}"}


def paginator(real: Mapping[str, Any]) -> Component:
    """How a list goes on."""
    portable = dict(real)
    if ends_by_links(real):
        # The number or cursor alone of the link to the next page: its host, scheme and size are not to be trusted.
        link = "((response.get('links') or {}).get('next') or '') | replace('%3D', '=')"
        link += " | regex_search('[?&](?:page|cursor)=([^&]+)')"
        # A list without links may still tell its last page.
        meta = "(response.get('meta') or {})"
        following = f"(({meta}.get('current_page') or 0) | int + 1)"
        last = f"({meta}.get('last_page') or 0) | int"
        del portable["page_token_option"]
        portable["pagination_strategy"] = {
            "type": "CursorPagination",
            "page_size": real["pagination_strategy"]["page_size"],
            "cursor_value": f"{{{{ {link} or ({following} if {following} <= {last}) }}}}",
        }
    else:
        # Without a size, so that only an empty page ends the list and a page that is not full does not.
        portable["pagination_strategy"] = {
            "type": "PageIncrement",
            "start_from_page": 1,
            "inject_on_first_request": True,
        }
    return portable
