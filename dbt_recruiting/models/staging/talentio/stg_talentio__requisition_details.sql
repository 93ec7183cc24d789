{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentio')) }}

{{ dbt_recruiting.staged(
    'talentio', 'requisition_details', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['name', 'name', 'text'],
    ['jobTitle', 'job_title', 'json'],
    ['active', 'active', 'boolean'],
    ['recruiters', 'recruiters', 'json'],
    ['recruiterGroups', 'recruiter_groups', 'json'],
    ['jobDescriptionDetails', 'job_description_details', 'json'],
    ['details', 'details', 'json'],
    ['companyDetails', 'company_details', 'json'],
    ['createdAt', 'created_at', 'instant'],
    ['updatedAt', 'updated_at', 'instant']
]) }}
