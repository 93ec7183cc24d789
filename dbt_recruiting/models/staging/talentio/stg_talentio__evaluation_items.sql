{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'evaluation_items', key=['evaluation_id', 'position'], cursor='candidate_updated_at', parent='candidate_id',
    columns=[
    ['evaluationId', 'evaluation_id', 'integer'],
    ['position', 'position', 'integer'],
    ['name', 'name', 'text'],
    ['type', 'type', 'text'],
    ['input', 'input', 'text'],
    ['comment', 'comment', 'text'],
    ['stageId', 'stage_id', 'integer'],
    ['candidateId', 'candidate_id', 'integer'],
    ['candidateUpdatedAt', 'candidate_updated_at', 'instant'],
    ['inputNumber', 'input_number', 'number'],
    ['inputBoolean', 'input_boolean', 'boolean']
]) }}
