{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'employee_groups', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['name', 'name', 'text'],
    ['description', 'description', 'text'],
    ['employees', 'employees', 'json'],
    ['createdAt', 'created_at', 'instant'],
    ['updatedAt', 'updated_at', 'instant']
]) }}
