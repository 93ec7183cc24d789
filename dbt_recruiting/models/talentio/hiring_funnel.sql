{{ config(enabled=var('talentio')) }}

with steps as (

    select 0 as place, 'all candidates' as step
    union all select 1, 'contact'
    union all select 2, 'resume'
    union all select 3, 'interview'
    union all select 4, 'reference'
    union all select 5, 'final'
    union all select 6, 'passed'

)

-- Who passed, or has a stage of a later kind, has reached the earlier ones: companies leave stages out.
select
    candidate.job_title,
    candidate.channel_type,
    candidate.applied_month,
    steps.place,
    steps.step,
    count(*) as candidates,
    sum(case when candidate.outcome = 'passed' then 1 else 0 end) as passed,
    sum(case when candidate.outcome = 'in selection' then 1 else 0 end) as in_selection,
    sum(case when candidate.outcome = 'talent pool' then 1 else 0 end) as talent_pool,
    sum(case when candidate.outcome = 'out' then 1 else 0 end) as out_of_selection,
    sum(case when candidate.outcome = 'other' then 1 else 0 end) as other
from {{ ref('candidate') }} as candidate
inner join steps on steps.place <= candidate.reached_place
group by
    candidate.job_title, candidate.channel_type, candidate.applied_month, steps.place, steps.step
