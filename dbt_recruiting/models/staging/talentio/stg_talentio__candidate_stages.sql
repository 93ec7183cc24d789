{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'candidate_stages', key=['id'], cursor='candidate_updated_at', parent='candidate_id',
    columns=[
    ['id', 'id', 'integer'],
    ['type', 'type', 'text'],
    ['step', 'step', 'integer'],
    ['scheduledAt', 'scheduled_at', 'instant'],
    ['scheduledAtEnd', 'scheduled_at_end', 'instant'],
    ['description', 'description', 'text'],
    ['resultComment', 'result_comment', 'text'],
    ['createdAt', 'created_at', 'instant'],
    ['fixedAt', 'fixed_at', 'instant'],
    ['status', 'status', 'text'],
    ['candidateId', 'candidate_id', 'integer'],
    ['candidateUpdatedAt', 'candidate_updated_at', 'instant']
]) }}
