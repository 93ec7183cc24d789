{{ config(enabled=var('talentics')) }}

select
    scores.ticket_id,
    scores.assessment_slug,
    scores.aspect_slug,
    coalesce(scores.assessment_name, scores.assessment_slug) as assessment_name,
    scores.aspect_group,
    coalesce(scores.aspect_name, scores.aspect_slug) as aspect_name,
    tickets.exam_id,
    {{ dbt_recruiting.comparable_mail('tickets.email') }} as email,
    scores.score,
    avg(scores.score) over (partition by scores.assessment_slug, scores.aspect_slug) as average_score,
    scores.score - avg(scores.score) over (partition by scores.assessment_slug, scores.aspect_slug) as above_average
from {{ ref('stg_talentics__aspect_scores') }} as scores
inner join {{ ref('stg_talentics__tickets') }} as tickets on tickets.id = scores.ticket_id
