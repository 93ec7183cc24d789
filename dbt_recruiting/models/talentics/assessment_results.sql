{{ config(enabled=var('talentics')) }}

select
    scores.ticket_id,
    scores.assessment_slug,
    coalesce(scores.assessment_name, scores.assessment_slug) as assessment_name,
    tickets.exam_id,
    exams.title as exam_title,
    exams.job_id,
    tickets.name as participant_name,
    {{ dbt_recruiting.comparable_mail('tickets.email') }} as email,
    tickets.started_at,
    tickets.finished_at,
    scores.total_score,
    case when scores.total_score is not null then
        cume_dist() over (
            partition by scores.assessment_slug, case when scores.total_score is null then 0 else 1 end
            order by scores.total_score
        )
    end as share_at_or_below
from {{ ref('stg_talentics__assessment_scores') }} as scores
inner join {{ ref('stg_talentics__tickets') }} as tickets on tickets.id = scores.ticket_id
left join {{ ref('stg_talentics__exams') }} as exams on exams.id = tickets.exam_id
