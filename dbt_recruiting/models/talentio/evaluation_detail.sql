{{ config(enabled=var('talentio')) }}

select
    items.evaluation_id,
    items.position,
    items.candidate_id,
    items.stage_id,
    evaluations.stage_type,
    {{ dbt_recruiting.json_integer('evaluations.employee', ['id']) }} as employee_id,
    evaluations.finished,
    evaluations.evaluated_at,
    items.name as item_name,
    items.type as item_type,
    items.input_number as number_given,
    items.input_boolean as boolean_given,
    case when items.input_number is null and items.input_boolean is null then nullif(items.input, '') end as words_given,
    nullif(items.comment, '') as comment,
    candidate.outcome
from {{ ref('stg_talentio__evaluation_items') }} as items
inner join {{ ref('candidate') }} as candidate on candidate.candidate_id = items.candidate_id
left join {{ ref('stg_talentio__stage_evaluations') }} as evaluations on evaluations.id = items.evaluation_id
