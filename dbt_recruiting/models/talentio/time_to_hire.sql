{{ config(enabled=var('talentio')) }}

select
    candidate_id,
    requisition_id,
    job_title,
    channel_type,
    coalesce(applied_at, registered_at) as applied_at,
    decided_at,
    joined_at,
    {{ dbt_recruiting.month_of('decided_at') }} as decided_month,
    {{ dbt_recruiting.days_between('coalesce(applied_at, registered_at)', 'decided_at') }} as days_to_decision,
    {{ dbt_recruiting.days_between('coalesce(applied_at, registered_at)', 'joined_at') }} as days_to_first_day
from {{ ref('candidate') }}
where outcome = 'passed'
