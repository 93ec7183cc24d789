{{ config(enabled=var('talentio')) }}

with stages as (

    select * from {{ ref('stg_talentio__candidate_stages') }}

),

as_of as (

    -- The newest change in the data, and not the clock: the same tables give the same answers.
    select max(updated_at) as moment from {{ ref('candidate') }}

)

select
    stages.id as stage_id,
    stages.candidate_id,
    candidate.requisition_id,
    candidate.job_title,
    candidate.channel_type,
    candidate.outcome,
    stages.step,
    stages.type as stage_type,
    {{ dbt_recruiting.stage_place('stages.type') }} as stage_place,
    stages.status as stage_status,
    stages.created_at as entered_at,
    stages.scheduled_at,
    stages.fixed_at as left_at,
    stages.fixed_at is null as is_open,
    case when stages.fixed_at >= stages.created_at
        then {{ dbt_recruiting.days_between('stages.created_at', 'stages.fixed_at') }} end as days_in_stage,
    case when stages.fixed_at is null and candidate.outcome = 'in selection' and as_of.moment >= stages.created_at
        then {{ dbt_recruiting.days_between('stages.created_at', 'as_of.moment') }} end as days_waiting
from stages
inner join {{ ref('candidate') }} as candidate on candidate.candidate_id = stages.candidate_id
cross join as_of
