{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'job_titles', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['name', 'name', 'text'],
    ['publicName', 'public_name', 'text'],
    ['requisitions', 'requisitions', 'json'],
    ['createdAt', 'created_at', 'instant'],
    ['updatedAt', 'updated_at', 'instant']
]) }}
