{# A stream as its loader wrote it, with one name and one type for each field, whoever loaded it and in whichever mode of
   `personal_data`: Airbyte keeps `candidateId`, PyAirbyte and target-duckdb write `candidateid`, Snowflake shouts.
   What the table lacks is null, and a stream that was not selected has no rows.

   Given: source and stream; names of the key, of the cursor, and of the parent whose rows always come all together (a row that
   is older than its newest sibling is gone); and a list of [field, name, kind] for the columns. #}
{% macro staged(source_name, stream, key, columns, cursor=none, parent=none) %}
{%- set table = source(source_name, stream) -%}
{%- set looking = execute and flags.INTROSPECT -%}
{%- set relation = load_relation(table) if looking else table if execute else none -%}
{%- set found = {} -%}
{%- if execute and not looking -%}
    {#- `dbt compile --no-introspect`: the table as Airbyte's own destinations write it. -#}
    {%- for field, name, kind in columns -%}
        {%- do found.update({field | lower: api.Column.create(field, dbt_recruiting.declared_type(kind))}) -%}
    {%- endfor -%}
{%- elif relation -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do found.update({column.name | lower: column}) -%}
    {%- endfor -%}
{%- endif -%}
{#- Of times without a zone: PyAirbyte drops the offset, which of Talentio's is Japan's; Singer's taps send UTC. -#}
{%- set by_airbyte = '_airbyte_extracted_at' in found -%}
{%- set zone = var('talentio_time_zone') if by_airbyte and source_name == 'talentio' else 'UTC' -%}
{%- set deleted = found.get('_ab_cdc_deleted_at') or found.get('_sdc_deleted_at') -%}
{%- set extracted = found.get('_airbyte_extracted_at') or found.get('_sdc_extracted_at') or found.get('_sdc_batched_at') -%}

with loaded as (

    select
        {%- for field, name, kind in columns %}
        {{ dbt_recruiting.as_kind(found.get(field | lower), kind, zone) }} as {{ name }},
        {%- endfor %}
        {{ dbt_recruiting.as_kind(extracted, 'instant', 'UTC') }} as extracted_at,
        {% if deleted %}case when {{ adapter.quote(deleted.name) }} is null then 0 else 1 end{% else %}0{% endif %} as is_gone
    from {% if relation %}{{ relation }}{% else %}(select 1 as nothing) as nowhere where 1 = 0{% endif %}

),

{% if deleted -%}
{#- A record that came back keeps its old time, which is before that of the mark: what was loaded last counts. -#}
followed as (

    select
        *,
        max(case when is_gone = 0 then extracted_at end) over (partition by {{ key | join(', ') }}) as seen_at
    from loaded

),

{% endif -%}
numbered as (

    select
        *,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by {% if deleted %}case when is_gone = 1 and extracted_at < seen_at then 1 else 0 end, {% endif %}{% if cursor %}{{ cursor }} desc nulls last, {% endif %}extracted_at desc nulls last
        ) as version
        {%- if parent %},
        max({{ cursor }}) over (partition by {{ parent }}) as newest_of_parent
        {%- endif %}
    from {{ 'followed' if deleted else 'loaded' }}

)

select
    {%- for field, name, kind in columns %}
    {{ name }},
    {%- endfor %}
    extracted_at
from numbered
where version = 1
    and is_gone = 0
    {%- if parent %}
    and ({{ cursor }} = newest_of_parent or newest_of_parent is null)
    {%- endif %}
{% endmacro %}


{# An expression for a column of a loaded table in one of the kinds: text, integer, number, boolean, date, json, instant
   (a moment, given in the zone of `recruiting_time_zone`) or wall_clock (a time without a zone: Talentics' own). #}
{% macro as_kind(column, kind, zone) %}
{%- set types = {
    'text': type_string(), 'integer': type_bigint(), 'number': dbt_recruiting.type_double(), 'boolean': type_boolean(), 'date': 'date',
    'json': dbt_recruiting.type_json(), 'instant': dbt_recruiting.type_clock(), 'wall_clock': dbt_recruiting.type_clock(),
} -%}
{%- if not column -%}
    cast(null as {{ types[kind] }})
{%- else -%}
    {%- set quoted = adapter.quote(column.name) -%}
    {%- set is_text = column.is_string() -%}
    {#- `hash` makes texts of numbers and times: 64 digits, which no number and no time has. -#}
    {%- set readable = 'case when length(' ~ quoted ~ ') < 64 then ' ~ quoted ~ ' end' if is_text else quoted -%}
    {%- if kind == 'instant' -%}
        {{ dbt_recruiting.to_clock(readable, dbt_recruiting.has_zone(column) or is_text, is_text, zone) }}
    {%- elif kind == 'wall_clock' -%}
        {{ dbt_recruiting.from_wall_clock(readable, dbt_recruiting.has_zone(column), is_text) }}
    {%- elif kind == 'json' -%}
        {{ dbt_recruiting.to_json(quoted, is_text) }}
    {%- elif kind == 'text' -%}
        cast({{ quoted }} as {{ types[kind] }})
    {%- else -%}
        cast({{ readable }} as {{ types[kind] }})
    {%- endif -%}
{%- endif -%}
{% endmacro %}


{% macro declared_type(kind) %}
{{- return({
    'text': type_string(), 'integer': type_bigint(), 'number': type_numeric(), 'boolean': type_boolean(), 'date': 'date',
    'json': dbt_recruiting.type_json(), 'instant': dbt_recruiting.type_moment(), 'wall_clock': dbt_recruiting.type_clock(),
}[kind]) -}}
{% endmacro %}


{% macro has_zone(column) %}
{%- set type = column.dtype | lower -%}
{{- return('with time zone' in type or type in ('timestamptz', 'timestamp_tz', 'timestamp_ltz')
    or (target.type == 'bigquery' and type == 'timestamp')) -}}
{% endmacro %}
