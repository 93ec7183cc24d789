"""What the start leaves out, and what it leaves as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap

import airbyte_cdk  # noqa: F401 - the process has it

from connector_kit.process.memory import freeze_imports

PROGRAM = """
    import gc
    import attributes_doc
    from connector_kit.process.memory import freeze_imports

    searched = []
    search = attributes_doc.get_attributes_doc = lambda kind: searched.append(kind) or {}
    with freeze_imports():
        from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, Type
    assert attributes_doc.get_attributes_doc is search
    print(len(searched), gc.isenabled(), gc.get_freeze_count() > 10_000)
    print(AirbyteMessageSerializer.dump(AirbyteMessage(type=Type.LOG)))
"""


def test_no_source_code_is_searched_for_descriptions_and_all_is_as_it_was_after_the_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines() == ["0 True True", "{'type': 'LOG'}"]


def test_a_process_that_has_the_cdk_already_keeps_no_garbage_for_good() -> None:
    before = gc.get_freeze_count(), gc.get_threshold()
    assert "airbyte_cdk" in sys.modules
    with freeze_imports():
        pass
    assert (gc.get_freeze_count(), gc.get_threshold()) == before


def test_a_process_that_does_not_collect_goes_on_without() -> None:
    program = """
        import gc
        from connector_kit.process.memory import freeze_imports

        gc.disable()
        with freeze_imports():
            pass
        print(gc.isenabled())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "False\n"


def test_a_serpyco_rs_without_that_search_is_imported_as_it_is() -> None:
    program = "import sys; sys.modules['attributes_doc'] = None\n" + textwrap.dedent("""
        from connector_kit.process.memory import freeze_imports
        with freeze_imports():
            import decimal
        print(decimal.__name__)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "decimal\n"
