"""Exact explicit-duration Viterbi decoding that commits where all surviving paths agree.

States are S1, systole, S2, diastole (0 to 3), in that order, round and round; every state comes in several rate classes, and
the class may change where a diastole ends. A *node* is (time, state, class): the state was entered at that boundary. What is
kept for each is its score less the state's emissions so far, so that a segment from τ to t scores
``entry[τ] + log P(duration = t − τ) + Σ emissions`` with one addition per candidate duration. A node tells all the
boundaries ahead at which it may end what leaving there would be worth, side by side in memory and hence at the full width of
the vector unit; each boundary keeps the best offer.

Scores hold −inf.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

# fields of the integer state
NOW, COMMITTED, PLACE = 0, 1, 2


@kernel(fastmath={"nnan", "nsz"})
def _offer(scores: np.ndarray, entered: int, log_duration: np.ndarray, best: np.ndarray, since: np.ndarray) -> None:
    """Keep, at each boundary ahead, what a state entered at `entered` offers there if it is no worse than what it has.

    `scores` (classes,) are of the entry; all others are (durations, classes).
    """
    for d in range(log_duration.shape[0]):
        for c in range(scores.shape[0]):
            value = scores[c] + log_duration[d, c]
            better = value >= best[d, c]
            best[d, c] = value if better else best[d, c]
            since[d, c] = entered if better else since[d, c]


@kernel()
def _make_room(where: np.ndarray, ahead: np.ndarray, since: np.ndarray) -> None:
    """Move what lies ahead to the beginning of its arrays."""
    place, width = where[PLACE], ahead.shape[1]
    for s in range(4):
        for i in range(width - place):
            ahead[s, i] = ahead[s, place + i]
            since[s, i] = since[s, place + i]
        ahead[s, width - place :] = -np.inf
    where[PLACE] = 0


@kernel()
def advance(
    emissions: np.ndarray,
    log_duration: np.ndarray,
    last: np.ndarray,
    shortest: np.ndarray,
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
    ahead: np.ndarray,
    since: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
    marks: np.ndarray,
    seg_start: np.ndarray,
    seg_state: np.ndarray,
    seg_settled: np.ndarray,
) -> int:
    """Take `emissions` (frames, 4) and return how many segments became certain, written to the ``seg_`` arrays.

    `log_duration` (4, durations, classes) runs from a state's shortest duration, `shortest[s]`, to its longest,
    `longest[s]`; a class allows no longer one than `last[s, c]`. `log_residual` (4, classes, durations) is of segments that
    were under way when the recording began. `log_tail` is (log P(longer than the longest), log of one frame more, log of
    its end) of the diastole's geometric tail. `where` holds the integer state. `entry`, `came_at` and `came_class` are rings
    over time; `ahead` and `since` (4, width, classes) hold the best offer for each boundary from now on, and when its node
    was entered: now lies at `where[PLACE]`, and `width` is more than the longest duration. `tail` (2, classes) is the score
    and the entry of the diastole that has outlasted the table. `marks` is a ring of zeros, with a bit for each state and
    class. Every `commit_every` frames the paths are asked where they agree; `seg_settled` is told when that was.
    """
    capacity, _, classes = entry.shape
    mask = capacity - 1
    leave = np.empty((4, classes))
    reach = longest.max()
    written = 0
    for k in range(emissions.shape[0]):
        now = where[NOW] + 1
        where[NOW] = now
        slot = now & mask
        for s in range(4):
            cumulated[s] += emissions[k, s]
        if where[PLACE] + 1 + reach >= ahead.shape[1]:
            _make_room(where, ahead, since)
        where[PLACE] += 1
        place = where[PLACE]
        for s in range(4):
            for c in range(classes):
                leave[s, c] = ahead[s, place, c]
                came_at[slot, s, c] = since[s, place, c]
        if now <= reach:  # a segment may be ending that was under way at the start
            for s in range(4):
                for c in range(classes):
                    if now <= longest[s] and initial[s, c] + log_residual[s, c, now] > leave[s, c]:
                        leave[s, c] = initial[s, c] + log_residual[s, c, now]
                        came_at[slot, s, c] = 0
        for c in range(classes):
            old = now - last[3, c] - 1  # a diastole entered then has just outlasted the table
            tail[0, c] += log_tail[1]
            if old >= 0:
                value = initial[3, c] if old == 0 else entry[old & mask, 3, c]
                if value + log_tail[0] > tail[0, c]:
                    tail[0, c] = value + log_tail[0]
                    tail[1, c] = old
            if tail[0, c] + log_tail[2] > leave[3, c]:
                leave[3, c] = tail[0, c] + log_tail[2]
                came_at[slot, 3, c] = np.int64(tail[1, c])
        for s in range(4):
            for c in range(classes):
                leave[s, c] += cumulated[s]
        for s in range(3):
            for c in range(classes):
                entry[slot, s + 1, c] = leave[s, c] - cumulated[s + 1]
        for c in range(classes):
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
            begin, end = place + shortest[s], place + longest[s] + 1
            durations = end - begin
            _offer(entry[slot, s], now, log_duration[s, :durations], ahead[s, begin:end], since[s, begin:end])
        if now % commit_every == 0:
            if now - where[COMMITTED] > longest_backlog:
                _force(
                    now - longest_backlog // 2,
                    log_duration,
                    last,
                    shortest,
                    longest,
                    initial,
                    where,
                    cumulated,
                    entry,
                    ahead,
                    since,
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
            bit = np.int64(1) << np.int64(s * classes + c)
            for time in range(max(root, now - last[s, c]), now + 1):
                if entry[time & mask, s, c] > -np.inf:
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
        top = -np.inf
        likeliest = 0
        for s in range(4):
            for c in range(classes):
                if (marked >> np.int64(s * classes + c)) & 1 == 0:
                    continue
                others -= 1
                lowest, highest = min(lowest, s), max(highest, s)
                if entry[slot, s, c] >= top:
                    top = entry[slot, s, c]
                    likeliest = c
                active -= 1
                before = (s + 3) % 4
                other = came_class[slot, c] if s == 0 else c
                came = came_at[slot, before, other]
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
            state, klass = lowest, likeliest
    if found == 0:
        return 0
    time = found
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state)
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
        count += 1
    for i in range(count // 2):
        j = count - 1 - i
        seg_start[i], seg_start[j] = seg_start[j], seg_start[i]
        seg_state[i], seg_state[j] = seg_state[j], seg_state[i]
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
    log_duration: np.ndarray,
    last: np.ndarray,
    shortest: np.ndarray,
    longest: np.ndarray,
    initial: np.ndarray,
    where: np.ndarray,
    cumulated: np.ndarray,
    entry: np.ndarray,
    ahead: np.ndarray,
    since: np.ndarray,
    came_at: np.ndarray,
    came_class: np.ndarray,
    tail: np.ndarray,
) -> None:
    """Bound the memory: keep only paths that share the best path's node at or before `until`."""
    capacity, _, classes = entry.shape
    mask = capacity - 1
    now = where[NOW]
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
    for c in range(classes):
        if tail[0, c] > -np.inf and (
            _ancestor(np.int64(tail[1, c]), 3, c, until, where, came_at, came_class, mask) != (time, state, klass)
        ):
            tail[0, c] = -np.inf
    # what the others had offered is taken back
    place = where[PLACE]
    ahead[:, place + 1 :] = -np.inf
    for s in range(4):
        for at in range(max(now - longest[s] + 1, where[COMMITTED]), now + 1):
            least = max(shortest[s], now - at + 1)
            table = log_duration[s, least - shortest[s] : longest[s] - shortest[s] + 1]
            begin, end = place - (now - at) + least, place - (now - at) + longest[s] + 1
            _offer(entry[at & mask, s], at, table, ahead[s, begin:end], since[s, begin:end])


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
    seg_settled: np.ndarray,
) -> int:
    """Write every segment that is left, the last one still under way; return how many."""
    mask = entry.shape[0] - 1
    time, state, klass = _best_end(log_survival, longest, initial, where, cumulated, entry, tail)
    count = _trace(time, state, klass, where, came_at, came_class, mask, seg_start, seg_state)
    seg_start[count] = time
    seg_state[count] = state
    seg_settled[: count + 1] = where[NOW]
    return count + 1
