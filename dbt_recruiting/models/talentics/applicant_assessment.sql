{{ config(enabled=var('talentics')) }}

-- Talentics has no number that applicants and participants of a test share; the address is what they have in common.
select
    applicants.id as applicant_id,
    results.ticket_id,
    results.assessment_slug,
    applicants.job_id,
    jobs.title as job_title,
    applicants.name as applicant_name,
    {{ dbt_recruiting.comparable_mail('applicants.email') }} as email,
    applicants.draft = 1 as is_draft,
    results.exam_id,
    results.exam_title,
    results.assessment_name,
    results.total_score,
    results.share_at_or_below,
    results.finished_at
from {{ ref('stg_talentics__applicants') }} as applicants
inner join {{ ref('assessment_results') }} as results
    on results.email = {{ dbt_recruiting.comparable_mail('applicants.email') }}
left join {{ ref('stg_talentics__jobs') }} as jobs on jobs.id = applicants.job_id
