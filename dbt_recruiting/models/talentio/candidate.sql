{{ config(enabled=var('talentio')) }}

with candidates as (

    select * from {{ ref('stg_talentio__candidates') }}

),

stages as (

    select
        candidate_id,
        count(*) as stages,
        max({{ dbt_recruiting.stage_place('type') }}) as furthest_place
    from {{ ref('stg_talentio__candidate_stages') }}
    group by candidate_id

),

evaluations as (

    select candidate_id, count(*) as evaluations_finished
    from {{ ref('stg_talentio__stage_evaluations') }}
    where finished
    group by candidate_id

),

opinions as (

    select
        candidate_id,
        avg(case when type = '5level' then input_number end) as average_level
    from {{ ref('stg_talentio__evaluation_items') }}
    group by candidate_id

),

comments as (

    select candidate_id, count(*) as comments
    from {{ ref('stg_talentio__candidate_comments') }}
    group by candidate_id

),

described as (

    select
        candidates.id as candidate_id,
        trim(coalesce(candidates.last_name, '') || ' ' || coalesce(candidates.first_name, '')) as full_name,
        {{ dbt_recruiting.comparable_mail('candidates.email') }} as email,
        candidates.status,
        {{ dbt_recruiting.outcome('candidates.status') }} as outcome,
        {{ dbt_recruiting.json_integer('candidates.requisition', ['id']) }} as requisition_id,
        {{ dbt_recruiting.json_text('candidates.requisition', ['name']) }} as requisition_name,
        {{ dbt_recruiting.json_text('candidates.requisition', ['jobTitle', 'name']) }} as job_title,
        candidates.channel_id,
        candidates.channel_type,
        candidates.channel_name,
        {{ dbt_recruiting.json_integer('candidates.referrer_employee', ['id']) }} as referrer_employee_id,
        candidates.applied_at,
        candidates.registered_at,
        candidates.fixed_at as decided_at,
        candidates.joined_at,
        {{ dbt_recruiting.month_of('coalesce(candidates.applied_at, candidates.registered_at)') }} as applied_month,
        coalesce(stages.stages, 0) as stages,
        case when candidates.status = 'pass' then 6 else coalesce(stages.furthest_place, 0) end as reached_place,
        coalesce(evaluations.evaluations_finished, 0) as evaluations_finished,
        opinions.average_level,
        coalesce(comments.comments, 0) as comments,
        candidates.updated_at
    from candidates
    left join stages on stages.candidate_id = candidates.id
    left join evaluations on evaluations.candidate_id = candidates.id
    left join opinions on opinions.candidate_id = candidates.id
    left join comments on comments.candidate_id = candidates.id

)

select
    candidate_id,
    nullif(full_name, '') as full_name,
    email,
    status,
    outcome,
    requisition_id,
    requisition_name,
    coalesce(job_title, 'none') as job_title,
    channel_id,
    coalesce(channel_type, 'none') as channel_type,
    channel_name,
    referrer_employee_id,
    applied_at,
    registered_at,
    decided_at,
    joined_at,
    applied_month,
    stages,
    reached_place,
    evaluations_finished,
    average_level,
    comments,
    updated_at
from described
