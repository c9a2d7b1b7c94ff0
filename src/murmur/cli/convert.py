"""``murmur convert``: recordings and labels in other formats."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from murmur.errors import MurmurError, ParameterError
from murmur.settings import Settings

__all__ = ["convert"]


def convert(options: argparse.Namespace, settings: Settings) -> int:
    """Convert one source to a file, or each of several to a file in a folder; return how many failed."""
    from murmur.batch.worker import load_models
    from murmur.formats.conversion import convert as convert_one

    targets = _targets(options)
    models = load_models(options.models)
    report = {name: value for name in ("subject", "device", "effective") if (value := getattr(options, name)) is not None}
    failed = 0
    for source, target in targets:
        try:
            notes = convert_one(
                source,
                target,
                options.to,
                from_=options.from_,
                channel=options.channel,
                patient=options.patient,
                site=options.site,
                sample_rate_hz=options.rate,
                settings=settings,
                models=models,
                replace=options.replace,
                **report,
            )
        except MurmurError as error:
            failed += 1
            print(f"murmur: {error}", file=sys.stderr)
            continue
        for note in notes:
            print(f"murmur: {source}: {note}", file=sys.stderr)
    if len(targets) > 1:
        print(f"{len(targets) - failed} converted, {failed} failed: {options.output}", file=sys.stderr)
    return failed


def _targets(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Pair sources with targets; ParameterError where that can't be right, before anything is written."""
    from murmur.batch import gather
    from murmur.formats.conversion import target_in
    from murmur.formats.registry import format_of

    sources: list[str] = []
    for source in options.sources:
        sources += [item.info.path for item in gather([source])] if Path(source).is_dir() else [source]
    folder = Path(options.output)
    if len(sources) == 1 and not folder.is_dir() and not options.output.endswith(("/", os.sep)):
        format_of(options.output, options.to)
        return [(sources[0], options.output)]
    if options.to is None:
        raise ParameterError(f"--to is missing: what the files in the folder {options.output} shall be")
    targets = [str(target_in(folder, source, options.to)) for source in sources]
    for target, times in Counter(targets).items():
        if times > 1:
            raise ParameterError(f"{times} sources would become {target}: convert them to different folders")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder}: can't be made a folder: {error.strerror or error}") from error
    return list(zip(sources, targets, strict=True))
