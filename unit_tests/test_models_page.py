"""docs/models.md says what the report asks and which models there are; the staging models are what the schemas say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from demo.questions import QUESTIONS, Question
from tools import dbt_staging
from unit_tests.support.doc_pages import ROOT, section

PAGE = ROOT / "docs" / "models.md"
PROJECT = ROOT / "dbt_recruiting"
DESCRIBED = [
    model
    for path in sorted((PROJECT / "models").glob("[!s]*/*.yml"))
    for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
]


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.name for question in QUESTIONS])
def test_each_question_stands_with_its_sql_and_its_picture(question: Question) -> None:
    parts = re.split(r"^### (.+)$", section(PAGE, "Questions"), flags=re.MULTILINE)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))[question.title]

    assert question.text in said
    assert f"```sql\n{question.sql}\n```" in said
    assert f"](models/{question.name}.svg)" in said
    assert (PAGE.parent / "models" / f"{question.name}.svg").is_file()


@pytest.mark.parametrize("model", [model["name"] for model in DESCRIBED])
def test_each_model_stands_with_its_description(model: str) -> None:
    (description,) = (one["description"] for one in DESCRIBED if one["name"] == model)

    assert f"| `{model}` | {description} |" in PAGE.read_text(encoding="utf-8")


def test_each_model_has_a_description_and_so_has_each_column() -> None:
    written = {path.stem for path in (PROJECT / "models").glob("[!s]*/*.sql")}

    assert {model["name"] for model in DESCRIBED} == written
    assert [column["name"] for model in DESCRIBED for column in model["columns"] if not column["description"]] == []


def test_each_variable_stands_on_the_page() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))

    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in project["vars"]["dbt_recruiting"] if f"`{name}`" not in page] == []


def test_the_oldest_dbt_is_the_one_that_reads_arguments_of_tests() -> None:
    """Earlier ones hand `arguments` itself to the test, which ends all with an error."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))

    assert project["require-dbt-version"] == [">=1.10.8", "<1.12.0"]
    assert "dbt-core from 1.10.8 on, below 1.12" in PAGE.read_text(encoding="utf-8")
    assert '"dbt-core>=1.10.8,<1.12 ;' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_each_column_of_a_staging_model_is_described() -> None:
    """Also the one that no schema has: when the loader got the row."""
    for path in sorted(dbt_staging.FOLDER.glob("*/_*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            assert [column["name"] for column in model["columns"]][-1] == "extracted_at"
            assert [column["name"] for column in model["columns"] if not column["description"]] == []


def test_staging_models_are_what_the_manifests_and_schemas_say() -> None:
    generated = dbt_staging.files()

    assert {path: path.read_text(encoding="utf-8") for path in generated if path.exists()} == generated, "make generate"
    assert set(files_of(dbt_staging.FOLDER)) == set(generated)


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
