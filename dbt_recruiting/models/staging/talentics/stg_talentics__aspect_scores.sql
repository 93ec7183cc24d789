{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'aspect_scores', key=['ticket_id', 'assessment_slug', 'aspect_slug'], cursor='ticket_updated_at', parent='ticket_id',
    columns=[
    ['ticket_id', 'ticket_id', 'integer'],
    ['assessment_slug', 'assessment_slug', 'text'],
    ['aspect_slug', 'aspect_slug', 'text'],
    ['aspect_group', 'aspect_group', 'text'],
    ['aspect_name', 'aspect_name', 'text'],
    ['score', 'score', 'number'],
    ['exam_id', 'exam_id', 'integer'],
    ['assessment_name', 'assessment_name', 'text'],
    ['ticket_updated_at', 'ticket_updated_at', 'instant']
]) }}
