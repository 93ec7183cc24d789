{{ config(enabled=var('talentio')) }}

with counted as (

    select
        coalesce(channel_id, 0) as channel_id,
        channel_type,
        max(channel_name) as channel_name,
        max({{ dbt_recruiting.readable('channel_name') }}) as readable_name,
        count(*) as candidates,
        sum(case when reached_place >= 3 then 1 else 0 end) as reached_interview,
        sum(case when outcome = 'passed' then 1 else 0 end) as passed,
        sum(case when outcome in ('passed', 'out') then 1 else 0 end) as decided,
        {{ dbt_recruiting.median(
            "case when outcome = 'passed' then "
            ~ dbt_recruiting.days_between('coalesce(applied_at, registered_at)', 'decided_at') ~ ' end'
        ) }} as median_days_to_decision
    from {{ ref('candidate') }}
    group by coalesce(channel_id, 0), channel_type

)

select
    channel_id,
    channel_type,
    channel_name,
    coalesce(readable_name, channel_type) || ' ' || cast(channel_id as {{ type_string() }}) as channel_label,
    candidates,
    reached_interview,
    passed,
    decided,
    median_days_to_decision,
    {{ dbt_recruiting.share('reached_interview', 'candidates') }} as interview_rate,
    {{ dbt_recruiting.share('passed', 'decided') }} as pass_rate
from counted
