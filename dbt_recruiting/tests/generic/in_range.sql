{# No value is below `low` or above `high`; null is no value. #}
{% test in_range(model, column_name, low=none, high=none) %}
select {{ column_name }}
from {{ model }}
where {% if low is not none %}{{ column_name }} < {{ low }}{% else %}1 = 0{% endif %}
    {% if high is not none %}or {{ column_name }} > {{ high }}{% endif %}
{% endtest %}
