{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'candidate_comments', key=['candidate_id', 'created_at', 'employee_id'], cursor='candidate_updated_at', parent='candidate_id',
    columns=[
    ['candidateId', 'candidate_id', 'integer'],
    ['createdAt', 'created_at', 'instant'],
    ['employeeId', 'employee_id', 'integer'],
    ['content', 'content', 'text'],
    ['employeeCreatedBy', 'employee_created_by', 'json'],
    ['updatedAt', 'updated_at', 'instant'],
    ['candidateUpdatedAt', 'candidate_updated_at', 'instant']
]) }}
