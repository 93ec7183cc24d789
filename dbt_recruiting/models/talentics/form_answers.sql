{{ config(enabled=var('talentics')) }}

select
    forms.applicant_id,
    max(forms.job_id) as job_id,
    max(forms.application_time) as sent_at,
    count(answers.name) as questions,
    sum(case when nullif(answers.value, '') is not null then 1 else 0 end) as answered
    {%- for question in var('form_questions') %},
    max(case when answers.name = '{{ dbt.escape_single_quotes(question) }}' then nullif(answers.value, '') end)
        as {{ dbt_recruiting.column_called(question) }}
    {%- endfor %}
from {{ ref('stg_talentics__employment_application_forms') }} as forms
left join {{ ref('stg_talentics__employment_application_answers') }} as answers
    on answers.applicant_id = forms.applicant_id
group by forms.applicant_id
