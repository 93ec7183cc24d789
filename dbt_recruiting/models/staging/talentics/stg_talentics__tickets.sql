{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'tickets', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['name', 'name', 'text'],
    ['email', 'email', 'text'],
    ['started_at', 'started_at', 'instant'],
    ['finished_at', 'finished_at', 'instant'],
    ['exam', 'exam', 'json'],
    ['created_at', 'created_at', 'instant'],
    ['updated_at', 'updated_at', 'instant'],
    ['status', 'status', 'text'],
    ['exam_id', 'exam_id', 'integer']
]) }}
