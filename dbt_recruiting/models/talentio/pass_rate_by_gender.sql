{{ config(enabled=(var('talentio') and var('pass_rates_by_gender'))) }}

with counted as (

    select
        coalesce(nullif(candidates.gender, ''), 'not told') as gender,
        steps.place,
        steps.step,
        count(*) as reached
    from {{ ref('stg_talentio__candidates') }} as candidates
    inner join {{ ref('candidate') }} as candidate on candidate.candidate_id = candidates.id
    inner join (select distinct place, step from {{ ref('hiring_funnel') }}) as steps
        on steps.place <= candidate.reached_place
    -- Under `hash` a gender is a hash, which says nothing.
    where candidates.gender is null or length(candidates.gender) < 64
    group by coalesce(nullif(candidates.gender, ''), 'not told'), steps.place, steps.step

)

select
    *,
    {{ dbt_recruiting.share('reached', 'max(reached) over (partition by gender)') }} as share_of_all
from counted
