{{ config(enabled=var('talentio')) }}

with evaluations as (

    select
        evaluations.id,
        {{ dbt_recruiting.json_integer('evaluations.employee', ['id']) }} as employee_id,
        evaluations.finished,
        evaluations.evaluated_at,
        coalesce(evaluations.scheduled_at, evaluations.evaluated_at) as held_at,
        evaluations.scheduled_at_end
    from {{ ref('stg_talentio__stage_evaluations') }} as evaluations
    -- An evaluation has no mark of its own when its candidate is gone.
    inner join {{ ref('candidate') }} as candidate on candidate.candidate_id = evaluations.candidate_id

),

opinions as (

    select evaluation_id, avg(case when type = '5level' then input_number end) as level
    from {{ ref('stg_talentio__evaluation_items') }}
    group by evaluation_id

)

select
    evaluations.employee_id,
    max(employees.name) as employee_name,
    coalesce(
        max({{ dbt_recruiting.readable('employees.name') }}),
        'employee ' || cast(evaluations.employee_id as {{ type_string() }})
    ) as employee_label,
    {{ dbt_recruiting.month_of('evaluations.held_at') }} as month,
    count(*) as evaluations,
    sum(case when evaluations.finished then 1 else 0 end) as finished,
    sum(case when evaluations.finished then 0 else 1 end) as unfinished,
    avg(opinions.level) as average_level,
    {{ dbt_recruiting.median(
        'case when evaluations.evaluated_at >= evaluations.scheduled_at_end then '
        ~ dbt_recruiting.days_between('evaluations.scheduled_at_end', 'evaluations.evaluated_at') ~ ' end'
    ) }} as median_days_to_evaluate
from evaluations
left join opinions on opinions.evaluation_id = evaluations.id
left join {{ ref('stg_talentio__employees') }} as employees on employees.id = evaluations.employee_id
where evaluations.employee_id is not null
group by evaluations.employee_id, {{ dbt_recruiting.month_of('evaluations.held_at') }}
