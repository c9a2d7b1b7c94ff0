"""The schedule of a run, on an executor that does as it is told: order, room, second attempts, stops."""

import pytest

from murmur.batch import Input
from murmur.batch.scheduler import Done, Lost, Returned, schedule
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome, Task
from murmur.io.info import RecordingInfo
from murmur.settings import Settings

TASK = Task(Settings())


class Scripted:
    """Holds parts until it reports; each input's name says what happens to it."""

    def __init__(self, width=2, newest_first=False):
        self.width, self._newest_first = width, newest_first
        self.parts, self.submitted, self.attempts = [], [], {}

    def has_room(self, suspect):
        return len(self.parts) < self.width

    def submit(self, part):
        self.parts.append(part)
        self.submitted.append([item.info.path for item in part.items])

    def is_busy(self, stopping):
        return bool(self.parts)

    def reports(self):
        part = self.parts.pop() if self._newest_first else self.parts.pop(0)
        for number, item in enumerate(part.items):
            name = item.info.path
            self.attempts[name] = self.attempts.get(name, 0) + 1
            first = self.attempts[name] == 1
            if name.startswith("deadly") or (name.startswith("unlucky") and first):
                yield from (Returned(other) for other in reversed(self.parts))
                self.parts.clear()
                yield Lost(part, "died of it twice", number)
                return
            if name.startswith("slow"):
                yield Lost(part, "took too long", number, final=True)
                return
            if name.startswith("somewhere") and (first or not part.suspect):
                yield Lost(part, "one of them")
                return
        yield Done(part, [Outcome(item, {"status": "ok", "error": None}) for item in part.items])


def run(chunks, executor, ordered=True, stop=None):
    inputs = [[Input(RecordingInfo(name), "") for name in chunk] for chunk in chunks]
    for outcomes in schedule(inputs, executor, TASK, stop or Stop(), ordered=ordered):
        yield [(outcome.input.info.path, outcome.row["error"]) for outcome in outcomes]


def test_chunks_come_in_order_or_as_they_are_done():
    chunks = [["a", "b"], ["c"], ["d"]]
    expected = [[(name, None) for name in chunk] for chunk in chunks]
    assert list(run(chunks, Scripted(newest_first=True))) == expected
    assert list(run(chunks, Scripted(newest_first=True), ordered=False)) == [expected[1], expected[2], expected[0]]


def test_an_input_whose_worker_dies_twice_fails_alone():
    executor = Scripted()
    (chunk,) = run([["a", "deadly", "b"]], executor)
    assert chunk == [("a", None), ("deadly", "died of it twice"), ("b", None)]
    assert executor.attempts["deadly"] == 2
    assert ["deadly"] in executor.submitted  # the second time, alone


def test_once_may_be_chance():
    assert list(run([["unlucky", "a"], ["b"]], Scripted())) == [[("unlucky", None), ("a", None)], [("b", None)]]


def test_what_took_too_long_is_not_tried_again():
    executor = Scripted()
    assert list(run([["a", "slow", "b"]], executor)) == [[("a", None), ("slow", "took too long"), ("b", None)]]
    assert executor.attempts["slow"] == 1


def test_if_any_input_may_be_the_cause_each_goes_alone():
    executor = Scripted()
    assert list(run([["a", "somewhere"], ["b"]], executor)) == [[("a", None), ("somewhere", None)], [("b", None)]]
    assert executor.submitted[:4] == [["a", "somewhere"], ["b"], ["a"], ["somewhere"]]


def test_parts_that_were_not_begun_are_not_suspected():
    executor = Scripted()
    list(run([["deadly"], ["a"], ["b"]], executor))
    assert executor.attempts["a"] == executor.attempts["b"] == 1


def test_few_chunks_wait_for_an_earlier_one():
    taken = []

    def chunks():
        for number in range(100):
            taken.append(number)
            yield [Input(RecordingInfo(f"{number}"), "")]

    executor = Scripted(width=2, newest_first=True)  # the first chunk waits for ever, as long as others come
    outcomes = schedule(chunks(), executor, TASK, Stop(), ordered=True)
    assert next(outcomes)[0].input.info.path == "0"
    assert len(taken) <= 2 + 8 * executor.width


@pytest.mark.parametrize("ordered", [True, False])
def test_after_a_stop_only_what_is_in_hand_is_finished(ordered):
    stop = Stop()
    found = run([["a"], ["b"], ["c"], ["d"]], Scripted(), ordered, stop)
    first = next(found)
    stop.signal = 2
    assert [first, *found] == [[("a", None)], [("b", None)]]
