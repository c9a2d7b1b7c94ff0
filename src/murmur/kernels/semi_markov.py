"""Exact explicit-duration Viterbi decoding that commits where all surviving paths agree.

States are S1, systole, S2, diastole (0 to 3), in that order, round and round; every state comes in several rate classes, and
the class may change where a diastole ends. A *node* is (time, state, class): the state was entered at that boundary. What is
kept for each is its score less the state's emissions so far, so that a segment from τ to t scores
``entry[τ] + log P(duration = t − τ) + Σ emissions`` with one addition per candidate duration.

Only durations that a class allows are looked at: `entry` holds each node as many rows late as its class's shortest duration,
so that the candidates for one boundary lie side by side for all classes, and the best is found in registers.

Scores hold −inf. Times that a comparison chooses are kept as float64, like what is compared; they are whole numbers.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.vectors import DOUBLES, add, load, same, store, subtract, where_larger

# fields of the integer state
NOW, COMMITTED = 0, 1


@kernel(inner=True)
def _best_of(
    state: int,
    lane: int,
    count: int,
    now: int,
    entry: np.ndarray,
    log_duration: np.ndarray,
    first: np.ndarray,
    leave: np.ndarray,
    came_at: np.ndarray,
) -> None:
    """Best score of leaving a state now, and when it was entered, for the classes from `lane` on, of `count` durations.

    All arrays are (…, classes); of `entry`, `log_duration` and `came_at` the rows of the four states follow one another.
    """
    rows = entry.shape[0] // 4
    ring, table = state * rows, state * (log_duration.shape[0] // 4)
    best, one = same(-np.inf), same(1.0)
    entered = subtract(same(float(now)), load(first, state, lane))
    since = entered
    for d in range(count):
        value = add(load(entry, ring + ((now - d) & (rows - 1)), lane), load(log_duration, table + d, lane))
        since = where_larger(value, best, entered, since)
        best = where_larger(value, best, value, best)
        entered = subtract(entered, one)
    store(leave, state, lane, best)
    store(came_at, 4 * (now & (came_at.shape[0] // 4 - 1)) + state, lane, since)


@kernel(inner=True)
def _best_class(
    leave: np.ndarray, transition: np.ndarray, lane: int, arrived: np.ndarray, came_class: np.ndarray, slot: int
) -> None:
    """Best score of the next S1, and the class of the diastole before it, for the classes from `lane` on."""
    best, which = same(-np.inf), same(0.0)
    for other in range(transition.shape[0]):
        value = add(same(leave[3, other]), load(transition, other, lane))
        which = where_larger(value, best, same(float(other)), which)
        best = where_larger(value, best, value, best)
    store(arrived, 0, lane, best)
    store(came_class, slot, lane, which)


@kernel(inner=True)
def _durations(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How many durations the classes of each vector allow at most, (states, vectors)."""
    states, classes = last.shape
    count = np.zeros((states, classes // DOUBLES), dtype=np.int64)
    for s in range(states):
        for c in range(classes):
            count[s, c // DOUBLES] = max(count[s, c // DOUBLES], last[s, c] - int(first[s, c]) + 1)
    return count


@kernel()
def advance(
    emissions: np.ndarray,
    ended: bool,
    log_duration: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    log_survival: np.ndarray,
    log_residual: np.ndarray,
    initial: np.ndarray,
    log_tail: np.ndarray,
    transition: np.ndarray,
    longest: np.ndarray,
    longest_backlog: int,
    commit_every: int,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    marks: np.ndarray,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
    seg_settled: np.ndarray,
) -> int:
    """Take `emissions` (frames, 4) and return how many segments became certain, written to the ``seg_`` arrays.

    Where the recording has `ended` with them, all that are left are, the last one still under way. The classes are a
    multiple of four. `log_duration` (4, durations, classes) runs from each class's shortest duration, `first[s, c]`, to its
    longest, `last[s, c]`; `longest[s]` is of all classes. `log_survival` (4, classes, durations) is of segments at least
    that long, `log_residual` of the rest of those that were under way when the recording began. `log_tail` is (log P(longer
    than the longest), log of one frame more, log of its end) of the diastole's geometric tail. `where` holds the integer
    state. `entry` (4, rows, classes), a little longer than the longest duration, and `came_at` (frames, 4, classes) and
    `came_class` (frames, classes), as long as the memory, are rings over time, all of a power of two.
    `tail` (2, classes) is the score and the entry of the diastole that has outlasted the table. `marks` is a ring of zeros,
    with a bit for each state and class. Every `commit_every` frames the paths are asked where they agree; `seg_settled` is
    told when that was.
    """
    _, rows, classes = entry.shape
    capacity = came_at.shape[0]
    mask, near = capacity - 1, rows - 1
    if classes % DOUBLES:
        raise ValueError("the number of classes is no multiple of four")
    if rows <= longest.max() + first.max() + 1:
        raise ValueError("the longest duration does not fit into the ring of entries")
    entries, came = entry.reshape(4 * rows, classes), came_at.reshape(4 * capacity, classes)
    durations = log_duration.reshape(4 * log_duration.shape[1], classes)
    leave, arrived = np.empty((4, classes)), np.empty((1, classes))
    count = _durations(first, last)
    late = first.astype(np.int64)
    reach = longest.max()
    written = 0
    for k in range(emissions.shape[0]):
        now = where[NOW] + 1
        where[NOW] = now
        slot = now & mask
        for s in range(4):
            cumulated[s] += emissions[k, s]
            for v in range(count.shape[1]):
                _best_of(s, v * DOUBLES, count[s, v], now, entries, durations, first, leave, came)
        if now <= reach:  # a segment may be ending that was under way at the start
            for s in range(4):
                for c in range(classes):
                    if now <= longest[s] and initial[s, c] + log_residual[s, c, now] > leave[s, c]:
                        leave[s, c] = initial[s, c] + log_residual[s, c, now]
                        came_at[slot, s, c] = 0.0
        for c in range(classes):
            old = now - last[3, c] - 1  # a diastole entered then has just outlasted the table
            tail[0, c] += log_tail[1]
            if old >= 0:
                value = initial[3, c] if old == 0 else entry[3, (old + late[3, c]) & near, c]
                if value + log_tail[0] > tail[0, c]:
                    tail[0, c] = value + log_tail[0]
                    tail[1, c] = old
            if tail[0, c] + log_tail[2] > leave[3, c]:
                leave[3, c] = tail[0, c] + log_tail[2]
                came_at[slot, 3, c] = tail[1, c]
        for s in range(4):
            for c in range(classes):
                leave[s, c] += cumulated[s]
        for v in range(count.shape[1]):
            _best_class(leave, transition, v * DOUBLES, arrived, came_class, slot)
        for c in range(classes):
            entry[0, (now + late[0, c]) & near, c] = arrived[0, c] - cumulated[0]
            for s in range(1, 4):
                entry[s, (now + late[s, c]) & near, c] = leave[s - 1, c] - cumulated[s]
        if now % commit_every == 0:
            if now - where[COMMITTED] > longest_backlog:
                until = now - longest_backlog // 2
                _force(until, first, last, longest, initial, where, cumulated, entry, came_at, came_class, tail)
            became = _commit(
                first,
                last,
                longest,
                where,
                entry,
                came_at,
                came_class,
                tail,
                marks,
                seg_start[written:],
                seg_state[written:],
            )
            seg_settled[written : written + became] = now
            written += became
    if ended:
        left, state = seg_start[written:], seg_state[written:]
        became = _finish(
            log_survival, first, longest, initial, where, cumulated, entry, came_at, came_class, tail, left, state
        )
        seg_settled[written : written + became] = where[NOW]
        written += became
    return written


@kernel()
def likeliest(
    log_survival: np.ndarray,
    first: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    since: int,
    states: np.ndarray,
) -> None:
    """Fill `states` with those of the frames from `since` on, on the path that is the likeliest so far.

    It need not become certain: another may overtake it. Frames may lie before those that are certain, as far back as the
    memory of `came_at` goes; all must have been taken. The rest is as `advance` left it, and stays so.
    """
    time, state, klass = _best_end(log_survival, first, longest, initial, where, cumulated, entry, tail)
    mask, until = came_at.shape[0] - 1, since + states.shape[0]
    while True:
        for frame in range(max(time, since), until):
            states[frame - since] = state
        if time <= since:
            return
        until = min(until, time)
        slot = time & mask
        before = (state + 3) % 4
        klass = int(came_class[slot, klass]) if state == 0 else klass
        time = int(came_at[slot, before, klass])
        state = before


@kernel(inner=True)
def _commit(
    first: np.ndarray,
    last: np.ndarray,
    longest: np.ndarray,
    where: np.ndarray,
    entry: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    marks: np.ndarray,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
) -> int:
    """Find the latest boundary up to which every surviving path is the same, and write the segments before it."""
    classes = entry.shape[2]
    mask, near = came_at.shape[0] - 1, entry.shape[1] - 1
    now = where[NOW]
    root = where[COMMITTED]
    active = 0
    rooted = 0  # paths whose next node back is the root itself
    if now <= longest[3] + 1:
        return 0  # the segment under way at the start may still be going on
    for s in range(4):
        for c in range(classes):
            bit = np.int64(1) << np.int64(s * classes + c)
            for time in range(max(root, now - last[s, c]), now + 1):
                if entry[s, (time + int(first[s, c])) & near, c] > -np.inf:
                    if time <= root:
                        rooted = 1
                    else:
                        marks[time & mask] |= bit
                        active += 1
    for c in range(classes):
        if tail[0, c] > -np.inf:
            bit = np.int64(1) << np.int64(3 * classes + c)
            time = np.int64(tail[1, c])
            if time <= root:
                rooted = 1
            elif marks[time & mask] & bit == 0:
                marks[time & mask] |= bit
                active += 1
    # Walk back through time over every surviving path at once. Where all of them enter one state at one time, and share each
    # boundary before it, what lies before is certain; that they may be of several rate classes changes nothing heard.
    time = now + 1
    found = 0
    state, klass = 0, 0
    while active > 0 and time > root + 1:
        time -= 1
        slot = time & mask
        marked = marks[slot]
        if marked == 0:
            continue
        marks[slot] = 0
        together = rooted == 0
        others = active
        lowest, highest = 4, -1
        marked_class = 0
        for s in range(4):
            for c in range(classes):
                if (marked >> np.int64(s * classes + c)) & 1 == 0:
                    continue
                others -= 1
                lowest, highest, marked_class = min(lowest, s), max(highest, s), c
                active -= 1
                before = (s + 3) % 4
                other = int(came_class[slot, c]) if s == 0 else c
                came = int(came_at[slot, before, other])
                bit = np.int64(1) << np.int64(before * classes + other)
                if came <= root:
                    rooted = 1
                elif marks[came & mask] & bit == 0:
                    marks[came & mask] |= bit
                    active += 1
        if not together or others > 0 or lowest < highest:
            found = 0
        elif found == 0:
            found = time
            state, klass = lowest, marked_class
    if found == 0:
        return 0
    time = found
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state)
    where[COMMITTED] = time
    return count


@kernel(inner=True)
def _trace(
    time: int,
    state: int,
    klass: int,
    where: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    mask: int,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
) -> int:
    """Write the segments between the root and the node (time, state, klass), oldest first."""
    count = 0
    while time > where[COMMITTED]:
        slot = time & mask
        before = (state + 3) % 4
        klass = int(came_class[slot, klass]) if state == 0 else klass
        time = int(came_at[slot, before, klass])
        state = before
        seg_start[count] = time
        seg_state[count] = state
        count += 1
    for i in range(count // 2):
        j = count - 1 - i
        seg_start[i], seg_start[j] = seg_start[j], seg_start[i]
        seg_state[i], seg_state[j] = seg_state[j], seg_state[i]
    return count


@kernel(inner=True)
def _best_end(
    log_survival: np.ndarray,
    first: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    tail: np.ndarray,
) -> tuple[int, int, int]:
    """The node (time, state, class) of the best segment still under way."""
    _, rows, classes = entry.shape
    now = where[NOW]
    best = -np.inf
    time, state, klass = 0, 0, 0
    for s in range(4):
        for d in range(1, min(longest[s], now - 1) + 1):
            for c in range(classes):
                value = entry[s, (now - d + int(first[s, c])) & (rows - 1), c] + log_survival[s, c, d] + cumulated[s]
                if value > best:
                    best = value
                    time, state, klass = now - d, s, c
        if now <= longest[s]:
            for c in range(classes):
                value = initial[s, c] + cumulated[s]
                if value > best:
                    best = value
                    time, state, klass = 0, s, c
    for c in range(classes):
        value = tail[0, c] + cumulated[3]
        if value > best:
            best = value
            time, state, klass = np.int64(tail[1, c]), 3, c
    return time, state, klass


@kernel(inner=True)
def _force(
    until: int,
    first: np.ndarray,
    last: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
) -> None:
    """Bound the memory: keep only paths that share the best path's node at or before `until`."""
    _, rows, classes = entry.shape
    mask = came_at.shape[0] - 1
    now = where[NOW]
    alive = np.full((4, classes, longest.max() + 1), -np.inf)
    for s in range(4):
        for c in range(classes):
            alive[s, c, : last[s, c] + 1 if s == 3 else last[s, c]] = 0.0  # a longer one can't be left any more
    time, state, klass = _best_end(alive, first, longest, initial, where, cumulated, entry, tail)
    time, state, klass = _ancestor(time, state, klass, until, where, came_at, came_class, mask)
    for s in range(4):
        for at in range(max(now - longest[s], where[COMMITTED]), now + 1):
            for c in range(classes):
                row = (at + int(first[s, c])) & (rows - 1)
                if entry[s, row, c] > -np.inf and (
                    _ancestor(at, s, c, until, where, came_at, came_class, mask) != (time, state, klass)
                ):
                    entry[s, row, c] = -np.inf
    for c in range(classes):
        if tail[0, c] > -np.inf and (
            _ancestor(np.int64(tail[1, c]), 3, c, until, where, came_at, came_class, mask) != (time, state, klass)
        ):
            tail[0, c] = -np.inf


@kernel(inner=True)
def _ancestor(
    time: int,
    state: int,
    klass: int,
    until: int,
    where: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    mask: int,
) -> tuple[int, int, int]:
    root = where[COMMITTED]
    while time > until and time > root:
        slot = time & mask
        before = (state + 3) % 4
        klass = int(came_class[slot, klass]) if state == 0 else klass
        time = int(came_at[slot, before, klass])
        state = before
    if time <= root:
        return root, -1, -1
    return time, state, klass


@kernel(inner=True)
def _finish(
    log_survival: np.ndarray,
    first: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
) -> int:
    """Write every segment that is left, the last one still under way; return how many."""
    mask = came_at.shape[0] - 1
    time, state, klass = _best_end(log_survival, first, longest, initial, where, cumulated, entry, tail)
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state)
    seg_start[count] = time
    seg_state[count] = state
    return count + 1
