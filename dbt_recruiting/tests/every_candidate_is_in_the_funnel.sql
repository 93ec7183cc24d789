{{ config(enabled=var('talentio')) }}
-- The first step counts each candidate once, whatever their stages.
select counted.candidates, expected.candidates as expected
from (select coalesce(sum(candidates), 0) as candidates from {{ ref('hiring_funnel') }} where place = 0) as counted
cross join (select count(*) as candidates from {{ ref('candidate') }}) as expected
where counted.candidates <> expected.candidates
