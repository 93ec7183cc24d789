{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'exams', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['organization_id', 'organization_id', 'integer'],
    ['job_id', 'job_id', 'integer'],
    ['title', 'title', 'text'],
    ['started_at', 'started_at', 'wall_clock'],
    ['ended_at', 'ended_at', 'wall_clock'],
    ['created_at', 'created_at', 'wall_clock'],
    ['updated_at', 'updated_at', 'wall_clock']
]) }}
