{# What databases say in their own ways. `default` is what DuckDB, PostgreSQL and Redshift share. #}

{% macro type_json() %}{{ return(adapter.dispatch('type_json', 'dbt_recruiting')()) }}{% endmacro %}
{% macro default__type_json() %}{{ return('json') }}{% endmacro %}
{% macro postgres__type_json() %}{{ return('jsonb') }}{% endmacro %}
{% macro snowflake__type_json() %}{{ return('variant') }}{% endmacro %}


{% macro to_json(value, is_text) %}{{ return(adapter.dispatch('to_json', 'dbt_recruiting')(value, is_text)) }}{% endmacro %}
{% macro default__to_json(value, is_text) %}{{ return('cast(' ~ value ~ ' as json)') }}{% endmacro %}
{# Lists are jsonb with Airbyte, and arrays of jsonb or of text with target-postgres. #}
{% macro postgres__to_json(value, is_text) %}
{{- return('cast(' ~ value ~ ' as jsonb)' if is_text else 'to_jsonb(' ~ value ~ ')') -}}
{% endmacro %}
{% macro snowflake__to_json(value, is_text) %}
{{- return('parse_json(' ~ value ~ ')' if is_text else 'to_variant(' ~ value ~ ')') -}}
{% endmacro %}
{% macro bigquery__to_json(value, is_text) %}
{{- return('parse_json(' ~ value ~ ')' if is_text else value) -}}
{% endmacro %}


{# The type of a time in the reports' zone, which itself knows no zone. #}
{% macro type_clock() %}{{ return(adapter.dispatch('type_clock', 'dbt_recruiting')()) }}{% endmacro %}
{% macro default__type_clock() %}{{ return('timestamp') }}{% endmacro %}
{% macro snowflake__type_clock() %}{{ return('timestamp_ntz') }}{% endmacro %}
{% macro bigquery__type_clock() %}{{ return('datetime') }}{% endmacro %}


{# The type of a moment, which knows its zone. #}
{% macro type_moment() %}{{ return(adapter.dispatch('type_moment', 'dbt_recruiting')()) }}{% endmacro %}
{% macro default__type_moment() %}{{ return('timestamp with time zone') }}{% endmacro %}
{% macro snowflake__type_moment() %}{{ return('timestamp_tz') }}{% endmacro %}
{% macro bigquery__type_moment() %}{{ return('timestamp') }}{% endmacro %}


{# A moment in the reports' zone, or in that of `here`. `zone` is that of a time without one. #}
{% macro to_clock(value, zoned, is_text, zone, here=none) %}
{{- return(adapter.dispatch('to_clock', 'dbt_recruiting')(
    value, zoned, is_text, zone, here or var('recruiting_time_zone'))) -}}
{% endmacro %}

{% macro default__to_clock(value, zoned, is_text, zone, here) %}
{%- set moment = 'cast(' ~ value ~ ' as timestamp with time zone)' if is_text else value -%}
{%- if not zoned -%}{%- set moment = '(' ~ moment ~ " at time zone '" ~ zone ~ "')" -%}{%- endif -%}
{{- return('(' ~ moment ~ " at time zone '" ~ here ~ "')") -}}
{% endmacro %}

{% macro snowflake__to_clock(value, zoned, is_text, zone, here) %}
{%- if zoned -%}
    {{- return("cast(convert_timezone('" ~ here ~ "', cast(" ~ value ~ " as timestamp_tz)) as timestamp_ntz)") -}}
{%- endif -%}
{{- return("convert_timezone('" ~ zone ~ "', '" ~ here ~ "', cast(" ~ value ~ " as timestamp_ntz))") -}}
{% endmacro %}

{% macro bigquery__to_clock(value, zoned, is_text, zone, here) %}
{%- set moment = 'cast(' ~ value ~ ' as timestamp)' if zoned else 'timestamp(' ~ value ~ ", '" ~ zone ~ "')" -%}
{{- return('datetime(' ~ moment ~ ", '" ~ here ~ "')") -}}
{% endmacro %}


{# One of Talentics' times without a zone, in the reports' zone. Targets that know only UTC stored it as if it were. #}
{% macro from_wall_clock(value, zoned, is_text, here=none) %}
{{- return(adapter.dispatch('from_wall_clock', 'dbt_recruiting')(
    value, zoned, is_text, here or var('recruiting_time_zone'))) -}}
{% endmacro %}

{% macro default__from_wall_clock(value, zoned, is_text, here) %}
{%- set shown = '(' ~ value ~ " at time zone 'UTC')" if zoned else 'cast(' ~ value ~ ' as timestamp)' -%}
{{- return('((' ~ shown ~ " at time zone '" ~ var('talentics_time_zone') ~ "') at time zone '" ~ here ~ "')") -}}
{% endmacro %}

{% macro snowflake__from_wall_clock(value, zoned, is_text, here) %}
{%- set shown = "cast(convert_timezone('UTC', " ~ value ~ ') as timestamp_ntz)' if zoned
    else 'cast(' ~ value ~ ' as timestamp_ntz)' -%}
{{- return("convert_timezone('" ~ var('talentics_time_zone') ~ "', '" ~ here ~ "', " ~ shown ~ ')') -}}
{% endmacro %}

{% macro bigquery__from_wall_clock(value, zoned, is_text, here) %}
{%- set shown = 'datetime(' ~ value ~ ", 'UTC')" if zoned else 'cast(' ~ value ~ ' as datetime)' -%}
{{- return('datetime(timestamp(' ~ shown ~ ", '" ~ var('talentics_time_zone') ~ "'), '" ~ here ~ "')") -}}
{% endmacro %}


{# The text at a path of names in an object, null where there is none. #}
{% macro json_text(column, path) %}
{{- return(adapter.dispatch('json_text', 'dbt_recruiting')(column, path)) -}}
{% endmacro %}
{% macro default__json_text(column, path) %}json_extract_string({{ column }}, '$.{{ path | join('.') }}'){% endmacro %}
{% macro postgres__json_text(column, path) %}({{ column }} #>> '{{ '{' ~ path | join(',') ~ '}' }}'){% endmacro %}
{% macro snowflake__json_text(column, path) %}cast(get_path({{ column }}, '{{ path | join('.') }}') as varchar){% endmacro %}
{% macro bigquery__json_text(column, path) %}json_value({{ column }}, '$.{{ path | join('.') }}'){% endmacro %}

{% macro json_integer(column, path) %}
cast({{ dbt_recruiting.json_text(column, path) | trim }} as {{ type_bigint() }})
{%- endmacro %}


{# Days from one time to another, with their fraction; below 0 where the second is earlier. Counted by UTC: a day on
   which clocks are put forward or back is as long as any other. #}
{% macro days_between(first, second) %}
{{- return(adapter.dispatch('days_between', 'dbt_recruiting')(first, second)) -}}
{% endmacro %}

{% macro default__days_between(first, second) %}
{%- set by_utc = " at time zone '" ~ var('recruiting_time_zone') ~ "' at time zone 'UTC'" -%}
{{- return('(extract(epoch from ((' ~ second ~ by_utc ~ ') - (' ~ first ~ by_utc ~ '))) / 86400.0)') -}}
{% endmacro %}

{% macro snowflake__days_between(first, second) %}
{%- set by_utc = "convert_timezone('" ~ var('recruiting_time_zone') ~ "', 'UTC', " -%}
{{- return('(timestampdiff(second, ' ~ by_utc ~ first ~ '), ' ~ by_utc ~ second ~ ')) / 86400.0)') -}}
{% endmacro %}

{% macro bigquery__days_between(first, second) %}
{%- set zone = ", '" ~ var('recruiting_time_zone') ~ "')" -%}
{{- return('(timestamp_diff(timestamp(' ~ second ~ zone ~ ', timestamp(' ~ first ~ zone ~ ', second) / 86400.0)') -}}
{% endmacro %}


{% macro month_of(value) %}cast({{ dbt.date_trunc('month', value) }} as date){% endmacro %}


{% macro median(value) %}{{ return(adapter.dispatch('median', 'dbt_recruiting')(value)) }}{% endmacro %}
{% macro default__median(value) %}percentile_cont(0.5) within group (order by {{ value }}){% endmacro %}
{% macro bigquery__median(value) %}approx_quantiles({{ value }}, 2)[offset(1)]{% endmacro %}


{# A share of a whole, null where the whole is nothing. #}
{% macro share(part, whole) %}cast({{ part }} as {{ dbt_recruiting.type_double() }}) / nullif({{ whole }}, 0){% endmacro %}


{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'dbt_recruiting')()) }}{% endmacro %}
{% macro default__type_double() %}{{ return('double precision') }}{% endmacro %}
{% macro bigquery__type_double() %}{{ return('float64') }}{% endmacro %}
