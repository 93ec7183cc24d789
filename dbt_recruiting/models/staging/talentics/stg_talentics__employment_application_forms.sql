{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'employment_application_forms', key=['id'], cursor='application_time',
    columns=[
    ['id', 'id', 'integer'],
    ['applicant_id', 'applicant_id', 'integer'],
    ['name', 'name', 'text'],
    ['email', 'email', 'text'],
    ['application_time', 'application_time', 'wall_clock'],
    ['employment_application_form', 'employment_application_form', 'json'],
    ['job_id', 'job_id', 'integer']
]) }}
