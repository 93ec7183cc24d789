{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'assessment_scores', key=['ticket_id', 'assessment_slug'], cursor='ticket_updated_at', parent='ticket_id',
    columns=[
    ['ticket_id', 'ticket_id', 'integer'],
    ['assessment_slug', 'assessment_slug', 'text'],
    ['assessment_name', 'assessment_name', 'text'],
    ['total_score', 'total_score', 'number'],
    ['exam_id', 'exam_id', 'integer'],
    ['ticket_updated_at', 'ticket_updated_at', 'instant']
]) }}
