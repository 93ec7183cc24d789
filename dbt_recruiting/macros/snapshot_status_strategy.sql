{# dbt's own strategy `check`, but the key of a row has the status in it: of two statuses with one and the same time of
   change, which tells only seconds, dbt would give both rows the same key, and its test would fail ever after. #}
{% macro snapshot_status_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
{%- set strategy = snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
{%- set parts = [strategy['unique_key'], strategy['updated_at']] + config.get('check_cols') -%}
{%- do strategy.update({'scd_id': snapshot_hash_arguments(parts)}) -%}
{{- return(strategy) -}}
{% endmacro %}
