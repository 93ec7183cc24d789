{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'employment_application_answers', key=['applicant_id', 'name'], cursor='application_time', parent='applicant_id',
    columns=[
    ['applicant_id', 'applicant_id', 'integer'],
    ['name', 'name', 'text'],
    ['value', 'value', 'text'],
    ['job_id', 'job_id', 'integer'],
    ['application_time', 'application_time', 'wall_clock']
]) }}
