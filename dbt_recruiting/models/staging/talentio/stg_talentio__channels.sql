{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'channels', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['channelType', 'channel_type', 'text'],
    ['channelName', 'channel_name', 'text'],
    ['custom', 'custom', 'json'],
    ['employee', 'employee', 'json'],
    ['agentCompany', 'agent_company', 'json'],
    ['agent', 'agent', 'json'],
    ['createdAt', 'created_at', 'instant'],
    ['updatedAt', 'updated_at', 'instant']
]) }}
