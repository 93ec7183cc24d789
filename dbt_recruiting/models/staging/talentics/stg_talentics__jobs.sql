{# Written by `make generate` from the manifests and schemas; do not edit it by hand. #}
{{ config(enabled=var('talentics')) }}

{{ dbt_recruiting.staged(
    'talentics', 'jobs', key=['id'], cursor='updated_at',
    columns=[
    ['id', 'id', 'integer'],
    ['type', 'type', 'integer'],
    ['organization_id', 'organization_id', 'integer'],
    ['profession_id', 'profession_id', 'integer'],
    ['title', 'title', 'text'],
    ['description', 'description', 'text'],
    ['created_at', 'created_at', 'wall_clock'],
    ['updated_at', 'updated_at', 'wall_clock'],
    ['location', 'location', 'text'],
    ['due_date', 'due_date', 'wall_clock'],
    ['min_experience', 'min_experience', 'number'],
    ['min_salary', 'min_salary', 'number'],
    ['max_salary', 'max_salary', 'number'],
    ['requirements', 'requirements', 'text'],
    ['benefits', 'benefits', 'text'],
    ['youtube_video_url', 'youtube_video_url', 'text'],
    ['industry_id', 'industry_id', 'integer'],
    ['code', 'code', 'text'],
    ['country_id', 'country_id', 'integer'],
    ['province_id', 'province_id', 'integer'],
    ['city_id', 'city_id', 'integer'],
    ['district_id', 'district_id', 'integer'],
    ['slug', 'slug', 'text']
]) }}
