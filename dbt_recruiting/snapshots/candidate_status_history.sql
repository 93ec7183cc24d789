{% snapshot candidate_status_history %}
{#- The API tells a candidate's status, and never the one before. From the first run on, this keeps each. -#}
{{ config(
    enabled=var('talentio'),
    unique_key='candidate_id',
    strategy='dbt_recruiting.status',
    check_cols=['status'],
    updated_at='updated_at',
) }}
select id as candidate_id, status, updated_at from {{ ref('stg_talentio__candidates') }}
{% endsnapshot %}
