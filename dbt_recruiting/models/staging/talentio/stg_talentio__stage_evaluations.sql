{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'stage_evaluations', key=['id'], cursor='candidate_updated_at', parent='candidate_id',
    columns=[
    ['id', 'id', 'integer'],
    ['finished', 'finished', 'boolean'],
    ['formTemplateId', 'form_template_id', 'integer'],
    ['items', 'items', 'json'],
    ['scheduledAt', 'scheduled_at', 'instant'],
    ['scheduledAtEnd', 'scheduled_at_end', 'instant'],
    ['evaluatedAt', 'evaluated_at', 'instant'],
    ['employee', 'employee', 'json'],
    ['candidateId', 'candidate_id', 'integer'],
    ['stageId', 'stage_id', 'integer'],
    ['stageType', 'stage_type', 'text'],
    ['candidateUpdatedAt', 'candidate_updated_at', 'instant']
]) }}
