import pytest

from medtune.workflow.demands import BY_SOURCE, batch_budget, batch_divisor, undisturbed_threads

MIB = 2**20


def test_a_retry_gets_more_memory_and_time():
    demand = BY_SOURCE["hub"]
    assert [demand.memory_at(None, attempt) for attempt in (1, 2, 3)] == [32000, 64000, 96000]
    assert [demand.runtime_at(None, attempt) for attempt in (1, 2)] == [240, 480]


def test_merging_holds_seven_billion_parameters_in_float32():
    assert BY_SOURCE["hub"].merging_memory_at(None, attempt=1) * MIB > 7.6e9 * 4


def test_a_retry_gets_smaller_batches():
    assert [batch_divisor(None, attempt) for attempt in (1, 2, 3)] == [1, 2, 4]
    assert [batch_budget(4096, attempt) for attempt in (1, 2, 3)] == [4096, 2048, 1024]
    assert batch_budget(1, attempt=5) == 1


@pytest.mark.parametrize(("cores", "remote", "threads"), [(2, False, 2), (5, False, 5), (None, False, 1), (5, True, 4)])
def test_time_is_measured_on_all_cores_of_this_machine(cores, remote, threads):
    assert undisturbed_threads(cores, remote) == threads
