"""Exact explicit-duration Viterbi decoding that commits where all surviving paths agree.

States are S1, systole, S2, diastole (0 to 3), in that order, round and round; every state comes in several rate classes, and
the class may change where a diastole ends. A *node* is (time, state, class): the state was entered at that boundary. What is
kept for each is its score less the state's emissions so far, so that a segment from τ to t scores
``entry[τ] + log P(duration = t − τ) + Σ emissions`` with one addition per candidate duration.

No fast-math here: scores hold −inf.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

# fields of the integer state
NOW, COMMITTED = 0, 1
COMMIT_EVERY = 64


@kernel(fastmath={"nnan", "nsz"})
def _best_duration(scores: np.ndarray, table: np.ndarray) -> tuple[float, int]:
    """Largest of ``scores + table`` and its last index, by two passes that vectorise."""
    best = -np.inf
    for i in range(table.shape[0]):
        best = max(best, scores[i] + table[i])
    where = np.int64(-1)
    for i in range(table.shape[0]):
        where = max(where, np.int64(i) if scores[i] + table[i] == best else np.int64(-1))
    return best, where


@kernel()
def advance(
    emissions: np.ndarray,
    log_duration: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    log_residual: np.ndarray,
    initial: np.ndarray,
    log_tail: np.ndarray,
    transition: np.ndarray,
    longest: np.ndarray,
    longest_backlog: int,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    recent: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    marks: np.ndarray,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
    seg_class: np.ndarray,
    seg_settled: np.ndarray,
) -> int:
    """Take `emissions` (frames, 4) and return how many segments became certain, written to the ``seg_`` arrays.

    `log_duration` (4, classes, durations) runs from the longest duration, `last[s, c]`, down to the shortest, `first[s, c]`,
    so that it lies alongside the entry scores in time. `log_residual` (4, classes, durations) is of segments that were under
    way when the recording began. `log_tail` is (log P(longer than the longest), log of one frame more, log of its end)
    of the diastole's geometric tail. `where` holds the integer state. `entry`, `came_at` and `came_class` are rings over
    time; `recent` (4, classes, 2·ring) holds the last entry scores twice, so that any stretch of them is contiguous.
    `tail` (2, classes) is the score and the entry of the diastole that has outlasted the table. `seg_settled` is told the
    frame at which each segment became certain.
    """
    capacity, _, classes = entry.shape
    mask = capacity - 1
    ring = recent.shape[2] // 2
    leave = np.empty((4, classes))
    written = 0
    for k in range(emissions.shape[0]):
        now = where[NOW] + 1
        where[NOW] = now
        slot = now & mask
        for s in range(4):
            cumulated[s] += emissions[k, s]
        for s in range(4):
            for c in range(classes):
                begin = (now - last[s, c]) % ring
                count = last[s, c] - first[s, c] + 1
                best, index = _best_duration(recent[s, c, begin : begin + count], log_duration[s, c, :count])
                since = last[s, c] - index
                if now <= longest[s]:  # the segment that was under way at the start
                    value = initial[s, c] + log_residual[s, c, now]
                    if value > best:
                        best = value
                        since = now
                if s == 3:
                    old = now - last[3, c] - 1  # a diastole entered then has just outlasted the table
                    tail[0, c] += log_tail[1]
                    if old >= 0:
                        value = initial[3, c] if old == 0 else entry[old & mask, 3, c]
                        if value + log_tail[0] > tail[0, c]:
                            tail[0, c] = value + log_tail[0]
                            tail[1, c] = old
                    if tail[0, c] + log_tail[2] > best:
                        best = tail[0, c] + log_tail[2]
                        since = now - np.int64(tail[1, c])
                leave[s, c] = best + cumulated[s]
                came_at[slot, s, c] = now - since
        for c in range(classes):
            for s in range(3):
                entry[slot, s + 1, c] = leave[s, c] - cumulated[s + 1]
            top = -np.inf
            which = 0
            for other in range(classes):
                value = leave[3, other] + transition[other, c]
                if value > top:
                    top = value
                    which = other
            entry[slot, 0, c] = top - cumulated[0]
            came_class[slot, c] = which
        for s in range(4):
            for c in range(classes):
                recent[s, c, now % ring] = entry[slot, s, c]
                recent[s, c, now % ring + ring] = entry[slot, s, c]
        if now % COMMIT_EVERY == 0:
            if now - where[COMMITTED] > longest_backlog:
                _force(
                    now - longest_backlog // 2,
                    last,
                    longest,
                    initial,
                    where,
                    cumulated,
                    entry,
                    recent,
                    came_at,
                    came_class,
                    tail,
                )
            count = _commit(
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
                seg_class[written:],
            )
            seg_settled[written : written + count] = now
            written += count
    return written


@kernel()
def _commit(
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
    seg_class: np.ndarray,
) -> int:
    """Find the latest boundary up to which every surviving path is the same, and write the segments before it."""
    capacity, _, classes = entry.shape
    mask = capacity - 1
    now = where[NOW]
    root = where[COMMITTED]
    active = 0
    rooted = 0  # paths whose next node back is the root itself
    if now <= longest[3] + 1:
        return 0  # the segment under way at the start may still be going on
    for s in range(4):
        for c in range(classes):
            for time in range(max(root, now - last[s, c]), now + 1):
                if entry[time & mask, s, c] > -np.inf:
                    if time <= root:
                        rooted = 1
                    else:
                        marks[time & mask, s, c] = 1
                        active += 1
    for c in range(classes):
        if tail[0, c] > -np.inf:
            time = np.int64(tail[1, c])
            if time <= root:
                rooted = 1
            elif marks[time & mask, 3, c] == 0:
                marks[time & mask, 3, c] = 1
                active += 1
    # Walk back through time over every surviving path at once. Where all of them enter one state at one time, and share each
    # boundary before it, what lies before is certain; that they may be of several rate classes changes nothing heard.
    time = now
    found = 0
    state, klass = 0, 0
    while active > 0 and time > root:
        slot = time & mask
        here = 0
        lowest, highest = 4, -1
        top = -np.inf
        likeliest = 0
        for s in range(4):
            for c in range(classes):
                if marks[slot, s, c] == 1:
                    here += 1
                    lowest, highest = min(lowest, s), max(highest, s)
                    if entry[slot, s, c] >= top:
                        top = entry[slot, s, c]
                        likeliest = c
        if here > 0 and (here < active or rooted == 1 or lowest < highest):
            found = 0
        elif here > 0 and found == 0:
            found = time
            state, klass = lowest, likeliest
        for s in range(lowest, highest + 1):
            for c in range(classes):
                if marks[slot, s, c] == 0:
                    continue
                marks[slot, s, c] = 0
                active -= 1
                before = (s + 3) % 4
                other = came_class[slot, c] if s == 0 else c
                came = came_at[slot, before, other]
                if came <= root:
                    rooted = 1
                elif marks[came & mask, before, other] == 0:
                    marks[came & mask, before, other] = 1
                    active += 1
        time -= 1
    if found == 0:
        return 0
    time = found
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state, seg_class)
    where[COMMITTED] = time
    return count


@kernel()
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
    seg_class: np.ndarray,
) -> int:
    """Write the segments between the root and the node (time, state, klass), oldest first."""
    count = 0
    while time > where[COMMITTED]:
        slot = time & mask
        before = (state + 3) % 4
        klass = came_class[slot, klass] if state == 0 else klass
        time = came_at[slot, before, klass]
        state = before
        seg_start[count] = time
        seg_state[count] = state
        seg_class[count] = klass
        count += 1
    for i in range(count // 2):
        j = count - 1 - i
        seg_start[i], seg_start[j] = seg_start[j], seg_start[i]
        seg_state[i], seg_state[j] = seg_state[j], seg_state[i]
        seg_class[i], seg_class[j] = seg_class[j], seg_class[i]
    return count


@kernel()
def _best_end(
    log_survival: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    tail: np.ndarray,
) -> tuple[int, int, int]:
    """The node (time, state, class) of the best segment still under way."""
    capacity, _, classes = entry.shape
    mask = capacity - 1
    now = where[NOW]
    best = -np.inf
    time, state, klass = 0, 0, 0
    for s in range(4):
        for d in range(1, min(longest[s], now - 1) + 1):
            for c in range(classes):
                value = entry[(now - d) & mask, s, c] + log_survival[s, c, d] + cumulated[s]
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


@kernel()
def _force(
    until: int,
    last: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    recent: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
) -> None:
    """Bound the memory: keep only paths that share the best path's node at or before `until`."""
    capacity, _, classes = entry.shape
    mask = capacity - 1
    now = where[NOW]
    ring = recent.shape[2] // 2
    alive = np.full((4, classes, longest.max() + 1), -np.inf)
    for s in range(4):
        for c in range(classes):
            alive[s, c, : last[s, c] + 1 if s == 3 else last[s, c]] = 0.0  # a longer one can't be left any more
    time, state, klass = _best_end(alive, longest, initial, where, cumulated, entry, tail)
    time, state, klass = _ancestor(time, state, klass, until, where, came_at, came_class, mask)
    for s in range(4):
        for at in range(max(now - longest[s], where[COMMITTED]), now + 1):
            for c in range(classes):
                if entry[at & mask, s, c] > -np.inf and (
                    _ancestor(at, s, c, until, where, came_at, came_class, mask) != (time, state, klass)
                ):
                    entry[at & mask, s, c] = -np.inf
                    if now - at < ring:
                        recent[s, c, at % ring] = -np.inf
                        recent[s, c, at % ring + ring] = -np.inf
    for c in range(classes):
        if tail[0, c] > -np.inf and (
            _ancestor(np.int64(tail[1, c]), 3, c, until, where, came_at, came_class, mask) != (time, state, klass)
        ):
            tail[0, c] = -np.inf


@kernel()
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
        klass = came_class[slot, klass] if state == 0 else klass
        time = came_at[slot, before, klass]
        state = before
    if time <= root:
        return root, -1, -1
    return time, state, klass


@kernel()
def finish(
    log_survival: np.ndarray,
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
    seg_class: np.ndarray,
    seg_settled: np.ndarray,
) -> int:
    """Write every segment that is left, the last one still under way; return how many."""
    mask = entry.shape[0] - 1
    time, state, klass = _best_end(log_survival, longest, initial, where, cumulated, entry, tail)
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state, seg_class)
    seg_start[count] = time
    seg_state[count] = state
    seg_class[count] = klass
    seg_settled[: count + 1] = where[NOW]
    return count + 1
