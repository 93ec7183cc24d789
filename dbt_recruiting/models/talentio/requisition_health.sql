{{ config(enabled=var('talentio')) }}

with counted as (

    select
        requisition_id,
        count(*) as candidates,
        sum(case when outcome = 'in selection' then 1 else 0 end) as in_selection,
        sum(case when outcome = 'passed' then 1 else 0 end) as passed,
        sum(case when outcome = 'out' then 1 else 0 end) as out_of_selection,
        max(coalesce(applied_at, registered_at)) as last_application_at
    from {{ ref('candidate') }}
    group by requisition_id

),

waiting as (

    select requisition_id, max(days_waiting) as longest_wait_in_days
    from {{ ref('stage_history') }}
    group by requisition_id

),

as_of as (

    select max(updated_at) as moment from {{ ref('candidate') }}

)

select
    requisitions.id as requisition_id,
    requisitions.name as requisition_name,
    {{ dbt_recruiting.json_text('requisitions.job_title', ['name']) }} as job_title,
    requisitions.active as is_active,
    requisitions.created_at as opened_at,
    coalesce(counted.candidates, 0) as candidates,
    coalesce(counted.in_selection, 0) as in_selection,
    coalesce(counted.passed, 0) as passed,
    coalesce(counted.out_of_selection, 0) as out_of_selection,
    counted.last_application_at,
    {{ dbt_recruiting.days_between('counted.last_application_at', 'as_of.moment') }} as days_since_last_application,
    waiting.longest_wait_in_days
from {{ ref('stg_talentio__requisitions') }} as requisitions
left join counted on counted.requisition_id = requisitions.id
left join waiting on waiting.requisition_id = requisitions.id
cross join as_of
