"""Loading of libraries without the garbage collector."""

import gc
import sys

import pytest

from medtune.libraries import loading


@pytest.fixture
def frozen(monkeypatch):
    """How many objects the collector leaves out, as a function; `this` is loaded anew in the test."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    gc.unfreeze()
    yield gc.get_freeze_count
    gc.unfreeze()


def test_the_collector_rests_while_libraries_load_and_then_leaves_them_out(frozen):
    with loading():
        assert not gc.isenabled()
        import this  # noqa: F401
    assert gc.isenabled() and frozen() > 1000


def test_where_all_is_loaded_already_nothing_is_left_out(frozen):
    with loading():
        import json  # noqa: F401
    assert gc.isenabled() and not frozen()


def test_after_a_failed_import_the_collector_goes_on(frozen):
    with pytest.raises(ModuleNotFoundError), loading():
        import no_such_library  # noqa: F401
    assert gc.isenabled()
