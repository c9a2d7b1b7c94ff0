"""``murmur convert``: recordings and labels in other formats."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from murmur.cli.arguments import ENGINE, add_shared, engine_of, number
from murmur.cli.codes import DONE, SOME_FAILED
from murmur.errors import MurmurError, ParameterError
from murmur.io.writing import made_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from murmur.formats.registry import FORMATS

    names = {
        holds: ", ".join(f"{one.name} ({one.suffix})" for one in FORMATS.values() if one.holds == holds)
        for holds in ("labels", "sound", "report")
    }
    annotated = ", ".join(one.name for one in FORMATS.values() if one.annotated)
    parser.description = (
        "Write a recording, its findings or a label file in another format, given by the suffix of the target or by --to. "
        f"Labels: {names['labels']}. Recordings: {names['sound']}; with their cycles: {annotated}. "
        f"Findings: {names['report']}."
    )
    parser.epilog = (
        "Examples: murmur convert 13918_MV.wav -o 13918_MV.TextGrid; murmur convert recordings/ -o labels/ --to audacity"
    )
    add = parser.add_argument
    suffixes = ", ".join(one.suffix for one in FORMATS.values() if one.read)
    sources = f"recording, label file ({suffixes}) or folder of recordings"
    add("sources", nargs="+", metavar="SOURCE", help=sources)
    add("-o", "--output", metavar="TARGET", required=True, help="output file, or folder for several; never the source")
    add("--to", metavar="FORMAT", help="target format, if the target's suffix does not determine it")
    add("--replace", action="store_true", help="replace existing files, but never the source")
    add("--from", metavar="FORMAT", dest="from_", help="format of labels, if their suffix does not determine it")
    add("--rate", type=number("Hz"), metavar="HZ", help="sample rate of labels written as WFDB (10000)")
    add_shared(parser, "patient", "site")
    add("--subject", metavar="REF", help="FHIR reports: reference to the patient, such as Patient/17")
    add("--device", metavar="REF", help="FHIR reports: reference to the stethoscope, such as Device/3")
    add("--effective", metavar="TIME", help="FHIR reports: time of the recording, such as 2026-05-01")
    add_shared(parser, *ENGINE)


def run(options: argparse.Namespace) -> int:
    """Convert one source to a file, or each of several to a file in a folder; return the exit code."""
    from murmur.formats.conversion import convert

    engine = engine_of(options)
    targets = _targets(options)
    report = {name: value for name in ("subject", "device", "effective") if (value := getattr(options, name)) is not None}
    failed = 0
    for source, target in targets:
        try:
            notes = convert(
                source,
                target,
                options.to,
                from_=options.from_,
                patient=options.patient,
                site=options.site,
                sample_rate_hz=options.rate,
                replace=options.replace,
                **engine,
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
    return SOME_FAILED if failed else DONE


def _targets(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Pair sources with targets; ParameterError where that is not possible, before anything is written."""
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
        raise ParameterError(f"--to is missing: the format of the files in the folder {options.output}")
    targets = [str(target_in(folder, source, options.to)) for source in sources]
    for target, times in Counter(targets).items():
        if times > 1:
            raise ParameterError(f"{times} sources would be written to {target}: convert them to different folders")
    made_folder(folder)
    return list(zip(sources, targets, strict=True))
