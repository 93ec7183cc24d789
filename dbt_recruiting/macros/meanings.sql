{# What the vendors' words mean for the models. #}

{# What has become of a candidate, from the status. #}
{% macro outcome(status) -%}
case
        when {{ status }} = 'pass' then 'passed'
        when {{ status }} = 'ongoing' then 'in selection'
        when {{ status }} in ('poolActive', 'poolInactive') then 'talent pool'
        when {{ status }} in ('fail', 'reject') then 'out'
        else 'other'
    end
{%- endmacro %}

{# The place of a kind of stage in a selection, as Talentio's pages order them; 0 for a kind that they don't name. #}
{% macro stage_place(type) -%}
case {{ type }}
        when 'contact' then 1 when 'resume' then 2 when 'interview' then 3 when 'reference' then 4 when 'final' then 5
        else 0
    end
{%- endmacro %}

{# How an e-mail address is compared. A hash stays as it is, so persons still meet under `hash`. #}
{% macro comparable_mail(email) %}nullif(lower(trim({{ email }})), ''){% endmacro %}

{# A name, unless it is a hash: nobody reads that in a picture. #}
{% macro readable(name) %}case when length({{ name }}) <> 64 then nullif({{ name }}, '') end{% endmacro %}

{# A column of this name, which people chose: in quotes where SQL would not read it without. #}
{% macro column_called(name) %}
{{- return(name if modules.re.match('[a-z_][a-z0-9_]*$', name) else adapter.quote(name)) -}}
{% endmacro %}
