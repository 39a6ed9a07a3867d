"""A sample of `make torture`: what fails under a run, and what must hold all the same."""

import errno

import pytest

import torture


@pytest.fixture(scope="module")
def place():
    place = torture.Place()
    yield place
    place.close()


def part(count, share):
    """Every so manieth of count, from the first to the last."""
    return [1 + i * (count - 1) // (share - 1) for i in range(share)]


def holds(trials):
    broken = {name: problems for name, (_, problems) in trials if problems}
    assert not broken


def test_a_trial_without_a_failure_ends_well(place):
    for events in (torture.ONE, torture.TABLE):
        done, problems = torture.memory(place, events, 0)
        assert done.status == 0 and problems == [] and done.calls > 1000


def test_a_write_that_is_not_in_the_store_is_found(place):
    """The trials can fail."""
    torture.memory(place, torture.ONE, 0)
    place.balm.env["BALM_STORE"] = f"sqlite:{place.folder}/another.db"
    try:
        assert ["is not in the store" in problem for problem in place.unrecorded()] == [True]
    finally:
        place.balm.env["BALM_STORE"] = f"sqlite:{place.folder}/store/balm.db"


def test_a_secret_in_an_output_is_found(place):
    done, _ = torture.memory(place, torture.ONE, 0)
    done.err = f"the token is {place.standin.secrets()[-1][:20]}..."
    assert len(list(place.betrayed(done))) == 1


@pytest.mark.parametrize("events, share", [(torture.ONE, 32), (torture.BATCH, 64)])
def test_memory_that_runs_out_is_told(place, events, share):
    count = torture.memory(place, events, 0)[0].calls
    holds((at, torture.memory(place, events, at)) for at in part(count, share))
    holds((-at, torture.memory(place, events, -at)) for at in part(count, share // 4))


def test_no_allocation_around_a_write_can_lose_its_record(place):
    """The last tenth of a run's allocations, each: its write is kept and sent in them."""
    count = torture.memory(place, torture.ONE, 0)[0].calls
    holds((at, torture.memory(place, torture.ONE, at)) for at in range(count * 9 // 10, count + 1))


def test_a_disk_that_fails_is_told_and_stops_writes(place):
    count = torture.files(place, torture.ONE, 0)[0].calls
    holds((at, torture.files(place, torture.ONE, at, how))
          for at, how in zip(part(count, 12), torture.ERRNOS * 4))


def test_a_disk_that_fails_throughout_lets_no_write_through(place):
    done, problems = torture.files(place, torture.ONE, -1, errno.EROFS)
    assert done.line["status"] == "skipped" and problems == []  # by a guard that cannot know
    assert done.status == 1 and "could not be recorded" in done.err
    assert "Read-only file system" in done.err
    assert place.standin.log(operation="PutBucketVersioning") == []


@pytest.mark.parametrize("events, operation", [(torture.ONE, "AssumeRole"), (torture.TABLE, "UpdateTable")])
def test_an_answer_that_is_cut_is_told(place, events, operation):
    count = torture.length(place, events, operation)
    holds((at, torture.answer(place, events, operation, at)) for at in part(count, 10))
