{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'applicants', key=['id'],
    columns=[
    ['id', 'id', 'integer'],
    ['organization_id', 'organization_id', 'integer'],
    ['job_id', 'job_id', 'integer'],
    ['account_id', 'account_id', 'integer'],
    ['name', 'name', 'text'],
    ['email', 'email', 'text'],
    ['phone_number', 'phone_number', 'text'],
    ['identity_number', 'identity_number', 'text'],
    ['location', 'location', 'text'],
    ['education', 'education', 'text'],
    ['year_of_experience', 'year_of_experience', 'text'],
    ['gender', 'gender', 'integer'],
    ['dob', 'dob', 'date'],
    ['nik', 'nik', 'text'],
    ['draft', 'draft', 'integer'],
    ['background_enabled', 'background_enabled', 'integer'],
    ['portfolio_link', 'portfolio_link', 'text'],
    ['address', 'address', 'text'],
    ['cv_file_path', 'cv_file_path', 'text'],
    ['access_code', 'access_code', 'text'],
    ['access_code_expired_at', 'access_code_expired_at', 'wall_clock']
]) }}
