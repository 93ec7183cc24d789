{{ config(enabled=var('talentics')) }}

with counted as (

    select
        exams.id as exam_id,
        exams.title as exam_title,
        exams.job_id,
        exams.started_at as opens_at,
        exams.ended_at as closes_at,
        count(tickets.id) as invited,
        -- Who finished has begun, also where the vendor says nothing of that.
        sum(case when tickets.started_at is not null or tickets.finished_at is not null
            or tickets.status in ('in progress', 'finished') then 1 else 0 end) as started,
        sum(case when tickets.finished_at is not null then 1 else 0 end) as finished,
        {{ dbt_recruiting.median(
            'case when tickets.finished_at >= tickets.started_at then '
            ~ dbt_recruiting.days_between('tickets.started_at', 'tickets.finished_at') ~ ' * 1440 end'
        ) }} as median_minutes
    from {{ ref('stg_talentics__exams') }} as exams
    left join {{ ref('stg_talentics__tickets') }} as tickets on tickets.exam_id = exams.id
    group by exams.id, exams.title, exams.job_id, exams.started_at, exams.ended_at

)

select
    *,
    {{ dbt_recruiting.share('started', 'invited') }} as start_rate,
    {{ dbt_recruiting.share('finished', 'started') }} as finish_rate
from counted
