"""Exact Viterbi decoding with explicit durations that commits where all surviving paths agree.

An explicit-duration hidden semi-Markov model (Yu 2010, doi:10.1016/j.artint.2009.11.011) with the states of Schmidt et al.
(2010, doi:10.1088/0967-3334/31/4/004): S1, systole, S2, diastole, in that order, over and over. Every state comes in several
rate classes, and the class may change where a diastole ends. A *node* is (time, state, class): the state was entered at that
boundary. With Yu's symbols, for the score δ of each node less its state's emissions so far, a segment from τ to t scores
``δ(τ) + log p(d = t − τ) + Σ log b(o)`` with one addition for each candidate duration d; ψ points back along the best path.

Only durations that a class allows are tried: `delta` holds each node as many rows late as its class's shortest duration, so
that the candidates for one boundary lie side by side for all classes, and the best is found in registers.

Scores hold −inf. Times chosen by a comparison are held as float64, like what is compared; they are whole numbers. Inside
this module states are indices 0 to 3; what leaves it is CirCor's code, the index plus `S1_CODE`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.vectors import DOUBLES, add, broadcast, load, store, where_larger

#: CirCor's code of the state with index 0.
S1_CODE = 1
DIASTOLE = 3

#: How many steps have been taken, and up to where all paths agree.
CLOCK = np.dtype([("now", np.int64), ("committed", np.int64)])


class DurationTables(NamedTuple):
    """The model, as log probabilities: C rate classes, a multiple of four; D durations; times in steps.

    Attributes
    ----------
    log_p : float64, shape (4, D, C)
        Of a whole segment's duration, from the class's shortest to its longest.
    log_survival : float64, shape (4, C, longest + 1)
        Of a segment at least this long.
    log_residual : float64, shape (4, C, longest + 1)
        Of the rest of a segment that was under way when the recording began.
    log_outlast, log_stay, log_end : float
        Of a diastole that outlasts the table, of each step more, and of its end: its tail is geometric.
    shortest, longest : int64, shape (4, C)
        Durations that each class allows.
    log_a : float64, shape (C, C)
        Of a change from one class to another where a diastole ends.
    log_pi : float64, shape (4, C)
        Of the state and class in which the recording begins.
    """

    log_p: np.ndarray
    log_survival: np.ndarray
    log_residual: np.ndarray
    log_outlast: float
    log_stay: float
    log_end: float
    shortest: np.ndarray
    longest: np.ndarray
    log_a: np.ndarray
    log_pi: np.ndarray


class Lattice(NamedTuple):
    """What the decoder carries from block to block; rings over time have a power of two of rows.

    Attributes
    ----------
    clock : CLOCK, shape (1,)
    log_b : float64, shape (4,)
        Log emissions of each state, summed from the start.
    delta : float64, shape (4, rows, C)
        Ring of the nodes' scores less `log_b`; it is longer than the longest duration and the longest delay together.
    psi_time : float64, shape (steps, 4, C)
        ψ, a ring as long as the decoder's memory: when the segment that ends here was entered.
    psi_class : float64, shape (steps, C)
        Ring: the class of the diastole before the S1 that is entered here.
    pause_delta, pause_start : float64, shape (C,)
        Score and start of the diastole that has outlasted the table.
    marks : int64, shape (steps,)
        Ring of zeros: working memory of a bit for each state and class.
    """

    clock: np.ndarray
    log_b: np.ndarray
    delta: np.ndarray
    psi_time: np.ndarray
    psi_class: np.ndarray
    pause_delta: np.ndarray
    pause_start: np.ndarray
    marks: np.ndarray


#: Rows of the segments that `advance` writes: the step at which each begins, its CirCor code, when it became certain.
START, STATE, SETTLED = 0, 1, 2


def empty_lattice(classes: int, rows: int, steps: int) -> Lattice:
    """The lattice before the first step, for rings of `rows` entries and `steps` steps."""
    return Lattice(
        clock=np.zeros(1, dtype=CLOCK),
        log_b=np.zeros(4),
        delta=np.full((4, rows, classes), -np.inf),
        psi_time=np.empty((steps, 4, classes)),  # neither is read before it is written
        psi_class=np.empty((steps, classes)),
        pause_delta=np.full(classes, -np.inf),
        pause_start=np.zeros(classes),
        marks=np.zeros(steps, dtype=np.int64),
    )


@kernel()
def advance(
    emissions: np.ndarray,
    ended: bool,
    tables: DurationTables,
    lattice: Lattice,
    longest_backlog: int,
    commit_every: int,
    out: np.ndarray,
) -> int:
    """Take emissions and return how many segments became certain.

    Parameters
    ----------
    emissions : float32, shape (steps, 4)
        Log probability of each state.
    ended : bool
        Whether the recording ends with them: then all segments are certain, the last one still under way.
    tables : DurationTables
    lattice : Lattice, changed
    longest_backlog : int
        Paths may differ for this many steps before the likelier is taken.
    commit_every : int
        Steps from one look for agreement to the next.
    out : int64, shape (3, room for segments), output
        Rows: `START`, `STATE` and `SETTLED`.
    """
    ring, log_b = lattice.delta, lattice.log_b
    _, rows, classes = ring.shape
    if classes % DOUBLES:
        raise ValueError("the number of classes is not a multiple of four")
    if rows <= tables.longest.max() + tables.shortest.max() + 1:
        raise ValueError("the ring of entries has no room for the longest duration")
    delta, log_p = ring.reshape(4 * rows, classes), tables.log_p.reshape(-1, classes)
    psi_time = lattice.psi_time.reshape(-1, classes)
    leave, arrive = np.empty((4, classes)), np.empty((1, classes))
    counts, shortest, negative_shortest = _candidates(tables), tables.shortest, -tables.shortest.astype(np.float64)
    clock, last_residual, written = lattice.clock[0], tables.longest.max(), 0
    for k in range(emissions.shape[0]):
        clock["now"] += 1
        now = clock["now"]
        slot = now & (lattice.psi_time.shape[0] - 1)
        for s in range(4):
            log_b[s] += emissions[k, s]
            for v in range(counts.shape[1]):
                _best_duration(s, v * DOUBLES, counts[s, v], now, delta, log_p, negative_shortest, leave, psi_time)
        if now <= last_residual:
            _leave_first(tables, now, leave, lattice.psi_time[slot])
        _leave_pause(tables, lattice, now, leave, lattice.psi_time[slot])
        for s in range(4):
            for c in range(classes):
                leave[s, c] += log_b[s]
        for v in range(counts.shape[1]):
            _best_class(leave, tables.log_a, v * DOUBLES, arrive, lattice.psi_class, slot)
        for c in range(classes):
            ring[0, (now + shortest[0, c]) & (rows - 1), c] = arrive[0, c] - log_b[0]
            for s in range(1, 4):
                ring[s, (now + shortest[s, c]) & (rows - 1), c] = leave[s - 1, c] - log_b[s]
        if now % commit_every == 0:
            if now - clock["committed"] > longest_backlog:
                _force(now - longest_backlog // 2, tables, lattice)
            written += _commit(tables, lattice, out, written)
    if ended:
        written += _finish(tables, lattice, out, written)
    return written


@kernel(inner=True)
def _candidates(tables: DurationTables) -> np.ndarray:
    """How many durations the classes of each vector allow at most, shape (4, vectors)."""
    states, classes = tables.longest.shape
    count = np.zeros((states, classes // DOUBLES), dtype=np.int64)
    for s in range(states):
        for c in range(classes):
            count[s, c // DOUBLES] = max(count[s, c // DOUBLES], tables.longest[s, c] - tables.shortest[s, c] + 1)
    return count


@kernel(inner=True)
def _best_duration(
    state: int,
    lane: int,
    count: int,
    now: int,
    delta: np.ndarray,
    log_p: np.ndarray,
    negative_shortest: np.ndarray,
    leave: np.ndarray,
    psi_time: np.ndarray,
) -> None:
    """Best score of leaving a state now, and when it was entered, for the classes of one vector, of `count` durations.

    All arrays are (…, classes); of `delta`, `log_p` and `psi_time` the rows of the four states follow one another.
    """
    rows = delta.shape[0] // 4
    ring, table = state * rows, state * (log_p.shape[0] // 4)
    best, minus_one = broadcast(-np.inf), broadcast(-1.0)
    entered = add(broadcast(float(now)), load(negative_shortest, state, lane))
    since = entered
    for d in range(count):
        value = add(load(delta, ring + ((now - d) & (rows - 1)), lane), load(log_p, table + d, lane))
        since = where_larger(value, best, entered, since)
        best = where_larger(value, best, value, best)
        entered = add(entered, minus_one)
    store(leave, state, lane, best)
    store(psi_time, 4 * (now & (psi_time.shape[0] // 4 - 1)) + state, lane, since)


@kernel(inner=True)
def _best_class(
    leave: np.ndarray, log_a: np.ndarray, lane: int, arrive: np.ndarray, psi_class: np.ndarray, slot: int
) -> None:
    """Best score of entering S1, and the class of the diastole before it, for the classes of one vector."""
    best, which = broadcast(-np.inf), broadcast(0.0)
    for other in range(log_a.shape[0]):
        value = add(broadcast(leave[DIASTOLE, other]), load(log_a, other, lane))
        which = where_larger(value, best, broadcast(float(other)), which)
        best = where_larger(value, best, value, best)
    store(arrive, 0, lane, best)
    store(psi_class, slot, lane, which)


@kernel(inner=True)
def _leave_first(tables: DurationTables, now: int, leave: np.ndarray, psi_time: np.ndarray) -> None:
    """Let a segment end that was under way when the recording began; `psi_time` (4, C) is of now."""
    for s in range(4):
        if now > tables.longest[s].max():
            continue
        for c in range(leave.shape[1]):
            value = tables.log_pi[s, c] + tables.log_residual[s, c, now]
            if value > leave[s, c]:
                leave[s, c] = value
                psi_time[s, c] = 0.0


@kernel(inner=True)
def _leave_pause(tables: DurationTables, lattice: Lattice, now: int, leave: np.ndarray, psi_time: np.ndarray) -> None:
    """Let a diastole end that has outlasted the table; `psi_time` (4, C) is of now."""
    pause_delta, pause_start, delta = lattice.pause_delta, lattice.pause_start, lattice.delta[DIASTOLE]
    shortest, longest = tables.shortest[DIASTOLE], tables.longest[DIASTOLE]
    for c in range(leave.shape[1]):
        old = now - longest[c] - 1  # a diastole entered then has just outlasted the table
        pause_delta[c] += tables.log_stay
        if old >= 0:
            value = tables.log_pi[DIASTOLE, c] if old == 0 else delta[(old + shortest[c]) & (delta.shape[0] - 1), c]
            if value + tables.log_outlast > pause_delta[c]:
                pause_delta[c] = value + tables.log_outlast
                pause_start[c] = old
        if pause_delta[c] + tables.log_end > leave[DIASTOLE, c]:
            leave[DIASTOLE, c] = pause_delta[c] + tables.log_end
            psi_time[DIASTOLE, c] = pause_start[c]


@kernel(inner=True)
def _previous(psi_time: np.ndarray, psi_class: np.ndarray, time: int, state: int, c: int) -> tuple[int, int, int]:
    """One step back along ψ: the node (time, state, class) from which this one was reached."""
    slot, before = time & (psi_time.shape[0] - 1), (state + 3) % 4
    c = int(psi_class[slot, c]) if state == 0 else c
    return int(psi_time[slot, before, c]), before, c


@kernel()
def likeliest(tables: DurationTables, lattice: Lattice, since: int, states: np.ndarray) -> None:
    """States on the path that is the likeliest so far; another may still overtake it.

    Parameters
    ----------
    tables : DurationTables
    lattice : Lattice
    since : int
        The first step wanted, no further back than the memory goes.
    states : int64, shape (steps,), output
        CirCor's codes; all of these steps must have been taken.
    """
    time, state, c = _best_end(tables, lattice, tables.log_survival)
    until = since + states.shape[0]
    while True:
        for step in range(max(time, since), until):
            states[step - since] = state + S1_CODE
        if time <= since:
            return
        until = min(until, time)
        time, state, c = _previous(lattice.psi_time, lattice.psi_class, time, state, c)


@kernel(inner=True)
def _commit(tables: DurationTables, lattice: Lattice, out: np.ndarray, written: int) -> int:
    """Write the segments before the latest boundary up to which every surviving path is the same; return how many."""
    clock = lattice.clock[0]
    if clock["now"] <= tables.longest[DIASTOLE].max() + 1:
        return 0  # the segment under way at the start may still be going on
    active, rooted = _mark_survivors(tables, lattice)
    time, state, c = _common_node(lattice, clock["now"], clock["committed"], active, rooted)
    if time == 0:
        return 0
    count = _trace(lattice, time, state, c, out, written)
    clock["committed"] = time
    return count


@kernel(inner=True)
def _mark(marks: np.ndarray, root: int, time: int, bit: int) -> int:
    """Mark a node of a surviving path; return 1, or 0 where it was marked before, or −1 where it is not after the root."""
    if time <= root:
        return -1
    slot = time & (marks.shape[0] - 1)
    fresh = marks[slot] & bit == 0
    marks[slot] |= bit
    return 1 if fresh else 0


@kernel(inner=True)
def _bit(state: int, c: int, classes: int) -> int:
    return np.int64(1) << np.int64(state * classes + c)


@kernel(inner=True)
def _mark_survivors(tables: DurationTables, lattice: Lattice) -> tuple[int, bool]:
    """Mark every node whose segment may be under way; return how many, and whether the root is one of them."""
    now, root, marks, delta = lattice.clock[0]["now"], lattice.clock[0]["committed"], lattice.marks, lattice.delta
    shortest, longest = tables.shortest, tables.longest
    _, rows, classes = delta.shape
    active, rooted = 0, False
    for s in range(4):
        for c in range(classes):
            for time in range(max(root, now - longest[s, c]), now + 1):
                if delta[s, (time + shortest[s, c]) & (rows - 1), c] > -np.inf:
                    fresh = _mark(marks, root, time, _bit(s, c, classes))
                    active, rooted = active + max(fresh, 0), rooted or fresh < 0
    for c in range(classes):
        if lattice.pause_delta[c] > -np.inf:
            fresh = _mark(marks, root, int(lattice.pause_start[c]), _bit(DIASTOLE, c, classes))
            active, rooted = active + max(fresh, 0), rooted or fresh < 0
    return active, rooted


@kernel(inner=True)
def _common_node(lattice: Lattice, now: int, root: int, active: int, rooted: bool) -> tuple[int, int, int]:
    """The latest node (time, state, class) that all marked paths share; time 0 where there is none.

    Walks back through time over every path at once, `active` of them besides those whose next node back is the root. Where
    all enter one state at one time, and share each boundary before it, what lies before is certain; that they may be of
    several rate classes makes no difference to the segments.
    """
    psi_time, psi_class, marks = lattice.psi_time, lattice.psi_class, lattice.marks
    classes, mask = psi_class.shape[1], marks.shape[0] - 1
    found, state, found_class = 0, 0, 0
    time = now + 1
    while active > 0 and time > root + 1:
        time -= 1
        marked = marks[time & mask]
        if marked == 0:
            continue
        marks[time & mask] = 0
        together, others = not rooted, active
        lowest, highest, marked_class = 4, -1, 0
        for s in range(4):
            for c in range(classes):
                if marked & _bit(s, c, classes) == 0:
                    continue
                others -= 1
                lowest, highest, marked_class = min(lowest, s), max(highest, s), c
                back, before, other = _previous(psi_time, psi_class, time, s, c)
                fresh = _mark(marks, root, back, _bit(before, other, classes))
                active, rooted = active - 1 + max(fresh, 0), rooted or fresh < 0
        if not together or others > 0 or lowest < highest:
            found = 0
        elif found == 0:
            found, state, found_class = time, lowest, marked_class
    return found, state, found_class


@kernel(inner=True)
def _trace(lattice: Lattice, time: int, state: int, c: int, out: np.ndarray, written: int) -> int:
    """Write the segments between the root and a node, oldest first; return how many."""
    root, end = lattice.clock[0]["committed"], written
    while time > root:
        time, state, c = _previous(lattice.psi_time, lattice.psi_class, time, state, c)
        out[START, end], out[STATE, end] = time, state + S1_CODE
        end += 1
    for i in range((end - written) // 2):
        j, k = written + i, end - 1 - i
        out[START, j], out[START, k] = out[START, k], out[START, j]
        out[STATE, j], out[STATE, k] = out[STATE, k], out[STATE, j]
    for i in range(written, end):
        out[SETTLED, i] = lattice.clock[0]["now"]
    return end - written


@kernel(inner=True)
def _best_end(tables: DurationTables, lattice: Lattice, log_survival: np.ndarray) -> tuple[int, int, int]:
    """The node (time, state, class) of the best segment still under way."""
    delta, log_b, shortest = lattice.delta, lattice.log_b, tables.shortest
    _, rows, classes = delta.shape
    now, best = lattice.clock[0]["now"], -np.inf
    node = (0, 0, 0)
    for s in range(4):
        longest = tables.longest[s].max()
        for d in range(1, min(longest, now - 1) + 1):
            for c in range(classes):
                entered = delta[s, (now - d + shortest[s, c]) & (rows - 1), c]
                value = entered + log_survival[s, c, d] + log_b[s]
                if value > best:
                    best, node = value, (now - d, s, c)
        if now <= longest:
            for c in range(classes):
                value = tables.log_pi[s, c] + log_b[s]
                if value > best:
                    best, node = value, (0, s, c)
    for c in range(classes):
        value = lattice.pause_delta[c] + log_b[DIASTOLE]
        if value > best:
            best, node = value, (int(lattice.pause_start[c]), DIASTOLE, c)
    return node


@kernel(inner=True)
def _force(until: int, tables: DurationTables, lattice: Lattice) -> None:
    """Bound the memory: keep only paths that share the best path's node at or before `until`."""
    psi_time, psi_class = lattice.psi_time, lattice.psi_class
    _, rows, classes = lattice.delta.shape
    now, root = lattice.clock[0]["now"], lattice.clock[0]["committed"]
    alive = np.full(tables.log_survival.shape, -np.inf)
    for s in range(4):
        for c in range(classes):
            # a longer segment can't be left any more, but a diastole can pause
            alive[s, c, : tables.longest[s, c] + (1 if s == DIASTOLE else 0)] = 0.0
    time, state, c = _best_end(tables, lattice, alive)
    kept = _ancestor(psi_time, psi_class, time, state, c, root, until)
    for s in range(4):
        for time in range(max(now - tables.longest[s].max(), root), now + 1):
            for c in range(classes):
                row = (time + tables.shortest[s, c]) & (rows - 1)
                if lattice.delta[s, row, c] > -np.inf and _ancestor(psi_time, psi_class, time, s, c, root, until) != kept:
                    lattice.delta[s, row, c] = -np.inf
    for c in range(classes):
        time = int(lattice.pause_start[c])
        if lattice.pause_delta[c] > -np.inf and _ancestor(psi_time, psi_class, time, DIASTOLE, c, root, until) != kept:
            lattice.pause_delta[c] = -np.inf


@kernel(inner=True)
def _ancestor(
    psi_time: np.ndarray, psi_class: np.ndarray, time: int, state: int, c: int, root: int, until: int
) -> tuple[int, int, int]:
    """The latest node at or before `until` on the path to a node; (root, −1, −1) where that is the root."""
    while time > until and time > root:
        time, state, c = _previous(psi_time, psi_class, time, state, c)
    return (root, -1, -1) if time <= root else (time, state, c)


@kernel(inner=True)
def _finish(tables: DurationTables, lattice: Lattice, out: np.ndarray, written: int) -> int:
    """Write every segment that is left, the last one still under way; return how many."""
    time, state, c = _best_end(tables, lattice, tables.log_survival)
    end = written + _trace(lattice, time, state, c, out, written)
    out[START, end], out[STATE, end], out[SETTLED, end] = time, state + S1_CODE, lattice.clock[0]["now"]
    return end + 1 - written
