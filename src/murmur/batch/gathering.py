"""Chunks go out in parts, outcomes come as they are done; they are handed on whole, and in order where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from murmur.batch.inputs import Input
from murmur.batch.worker import Outcome

__all__ = ["Gathering", "Part"]


@dataclass(slots=True)
class Part:
    """What a worker gets: the inputs of a chunk, or those that are left of it after a worker has died.

    `suspect` is one input alone that may have been the end of a worker: once may be chance.
    """

    chunk: int
    places: list[int]
    items: list[Input]
    suspect: bool = False

    def without(self, place: int) -> Iterator[Part]:
        """Yield what comes before, and what comes after one of its inputs."""
        for own in (slice(None, place), slice(place + 1, None)):
            if self.items[own]:
                yield Part(self.chunk, self.places[own], self.items[own])

    def alone(self) -> Iterator[Part]:
        """Yield each of its inputs for itself, as a suspect."""
        for place, item in zip(self.places, self.items, strict=True):
            yield Part(self.chunk, [place], [item], suspect=True)


class Gathering:
    """What came of the inputs of chunks that are under way."""

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._outcomes: dict[int, list[Outcome | None]] = {}
        self._following = 0  # the chunk that is wanted next, where the order counts

    def may_begin(self, chunk: int, ahead: int) -> bool:
        """Whether a chunk may be begun: in order, no more than some ahead of the one that is wanted next."""
        return not self._ordered or chunk < self._following + ahead

    def begin(self, chunk: int, count: int) -> None:
        """Expect so many outcomes of a chunk."""
        self._outcomes[chunk] = [None] * count

    def keep(self, chunk: int, place: int, outcome: Outcome) -> None:
        """Take what came of one input."""
        self._outcomes[chunk][place] = outcome

    def complete(self) -> Iterator[list[Outcome]]:
        """Yield the chunks of which nothing is missing, and which need not wait for an earlier one."""
        for chunk in sorted(self._outcomes):
            if (self._ordered and chunk != self._following) or None in self._outcomes[chunk]:
                continue
            self._following += 1
            yield self._whole(chunk)

    def rest(self) -> Iterator[list[Outcome]]:
        """Yield what there is of all others."""
        for chunk in sorted(self._outcomes):
            if some := self._whole(chunk):
                yield some

    def _whole(self, chunk: int) -> list[Outcome]:
        return [outcome for outcome in self._outcomes.pop(chunk) if outcome is not None]
