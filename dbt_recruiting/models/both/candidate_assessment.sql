{{ config(enabled=(var('talentics') and var('talentio'))) }}

-- Two vendors, one person: the address is the same in both, in clear or as a hash of the same key.
select
    candidate.candidate_id,
    results.ticket_id,
    results.assessment_slug,
    results.assessment_name,
    results.exam_title,
    results.total_score,
    results.share_at_or_below,
    results.finished_at,
    candidate.job_title,
    candidate.channel_type,
    candidate.status,
    candidate.outcome,
    candidate.average_level
from {{ ref('candidate') }} as candidate
inner join {{ ref('assessment_results') }} as results on results.email = candidate.email
