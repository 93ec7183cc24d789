{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'employees', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['name', 'name', 'text'],
    ['email', 'email', 'text'],
    ['role', 'role', 'text'],
    ['managerAssessment', 'manager_assessment', 'boolean'],
    ['status', 'status', 'text'],
    ['responsibleRequisitions', 'responsible_requisitions', 'json'],
    ['groups', 'employee_groups', 'json'],
    ['createdAt', 'created_at', 'instant'],
    ['updatedAt', 'updated_at', 'instant']
]) }}
