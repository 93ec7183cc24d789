{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'ticket_scores', key=['ticket_id'], cursor='ticket_updated_at',
    columns=[
    ['ticket_id', 'ticket_id', 'integer'],
    ['name', 'name', 'text'],
    ['email', 'email', 'text'],
    ['results', 'results', 'json'],
    ['exam_id', 'exam_id', 'integer'],
    ['ticket_updated_at', 'ticket_updated_at', 'instant']
]) }}
