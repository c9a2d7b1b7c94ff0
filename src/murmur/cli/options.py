"""What the command line understands. Loads nothing but argparse, so that help is there at once."""

from __future__ import annotations

import argparse

from murmur import __version__

__all__ = ["DISCLAIMER", "make_parser"]

DISCLAIMER = "For research and education, not a medical device."


class _Parser(argparse.ArgumentParser):
    """Says first of all what murmur is not."""

    def format_help(self) -> str:
        return f"{DISCLAIMER}\n\n{super().format_help()}"


def make_parser() -> argparse.ArgumentParser:
    """Build the parser; ``command`` is None where none is given."""
    parser = _Parser(
        prog="murmur",
        description="Heart-sound analysis: finds every S1, systole, S2 and diastole, and measures murmurs.",
        epilog="murmur COMMAND --help tells more of a command. Exit codes: 0 all done, 1 some inputs failed, 2 wrong usage, "
        "130 or 143 stopped by Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--version", action="version", version=f"murmur {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_analyze(commands)
    _add_export(commands)
    _add_trend(commands)
    _add_segment(commands)
    _add_plot(commands)
    _add_report(commands)
    _add_convert(commands)
    _add_live(commands)
    _add_serve(commands)
    _add_datasets(commands)
    commands.add_parser(
        "warm-up",
        help="compile every kernel, so that later starts are fast",
        description="Compile every kernel and keep it on disk, so that later starts are fast. Takes half a minute once.",
    )
    schema = commands.add_parser(
        "schema",
        help="print the JSON Schema of what analyze --json or live writes, or what is in the tables",
        description="Print the JSON Schema (draft 2020-12) of each line that analyze --json, or live, writes; or of the "
        "tables each column with its unit and meaning, as a Data Package (datapackage.json).",
    )
    schema.add_argument(
        "what", nargs="?", choices=("analyze", "live", "tables"), default="analyze", help="of what (analyze)"
    )
    commands.add_parser(
        "version",
        help="print the version, and those of what murmur rests on",
        description="Print the version of murmur, of Python and of the packages that murmur rests on.",
    )
    return parser


def _add_analyze(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "analyze",
        help="find every beat and every sign of recordings",
        description="Find every beat and every sign of recordings. Without -o or --json, say what is heard; with -o, "
        "write tables (recordings, cycles, patients), segments, run.json and murmur.sqlite, which holds all results: the "
        "same command again goes on where it was stopped, and analyzes only what is new or has changed.",
        epilog="Patient and site come from the manifest, else from file names such as 13918_AV.wav or MR_002_sit_Mit.wav.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a file, a folder, a glob, a URL, a zip archive, or - for a list on stdin",
    )
    parser.add_argument(
        "--manifest",
        metavar="FILE.csv",
        help="columns path, patient, site, visit, position and any more; names the inputs where no PATH does",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="folder for the tables; made where there is none")
    parser.add_argument("--json", action="store_true", help="one JSON document per line and input on stdout")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="worker processes (as many as there are cores)")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="scheduler of a Dask cluster whose workers do it, such as tcp://HOST:8786"
    )
    parser.add_argument("--patient", metavar="ID", help="patient of all inputs, whatever their names say")
    parser.add_argument("--site", help="site of all inputs: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other")
    _add_common(parser)
    _add_format(parser)
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep what OUT holds of files that have not changed (as usual), or begin anew",
    )
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="try files again that failed before, though they have not changed: after raising --timeout, say",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="give a file up after this many seconds (600; never where one process does it all unless asked for)",
    )
    parser.add_argument(
        "--memory",
        type=_megabytes,
        metavar="MB",
        help="give a file up when a worker takes this much more memory than it needs to start (its share of the machine's)",
    )
    parser.add_argument(
        "--progress",
        choices=("bar", "jsonl", "none"),
        help="a bar on stderr, JSON lines there for a program, or none (a bar on a terminal)",
    )
    parser.add_argument(
        "--no-progress", action="store_const", const="none", dest="progress", help="the same as --progress none"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="nothing on stderr but what ends the run")


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=("csv", "jsonl", "parquet"),
        default="csv",
        help="what tables are written as (csv); parquet needs pyarrow",
    )


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "export",
        help="write the tables of a run, in another format or to another place",
        description="Write the tables of a run (murmur analyze -o OUT) from its murmur.sqlite.",
    )
    parser.add_argument("folder", metavar="OUT", help="the folder of the run")
    _add_format(parser)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="write here instead of to OUT; made where there is none")


def _add_trend(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "trend",
        help="compare the visits of the patients of a run",
        description="Compare the visits of each patient of a run (murmur analyze --manifest FILE.csv -o OUT, with a "
        "column visit: dates such as 2026-05-02, or numbers): what has changed by more than noise. Writes the tables "
        "visits, changes and trends.",
    )
    parser.add_argument("folder", metavar="OUT", help="the folder of the run")
    parser.add_argument("--patient", action="append", metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--plots", action="store_true", help="plot each patient's history into trends/ (extra plot)")
    _add_format(parser)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="write here instead of to OUT; made where there is none")
    parser.add_argument("--models", metavar="DIR", help="folder with other models than those that ship, as the run had")


def _add_segment(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "segment",
        help="find only where the heart sounds are",
        description="Find only where the heart sounds are, in CirCor's format: start_s, end_s and state (1 S1, "
        "2 systole, 3 S2, 4 diastole), parted by tabs.",
    )
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument("-o", "--output", metavar="FILE.tsv", help="write here instead of to stdout")
    _add_common(parser)


def _add_plot(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "plot",
        help="draw what is heard, as PNG, SVG or PDF",
        description="Draw what is heard: by default all of it on a sheet. Needs the extra plot.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="the recording; for --kind chest, one person's recordings")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="where to: OUT.png, OUT.svg or OUT.pdf")
    parser.add_argument(
        "--kind",
        choices=("overview", "phonocardiogram", "spectrogram", "cycle", "levels", "tachogram", "chest"),
        default="overview",
        help="which plot (overview)",
    )
    parser.add_argument("--start", type=_not_negative, default=0.0, metavar="S", help="show the sound from here on (0)")
    parser.add_argument("--end", type=_seconds, metavar="S", help="and up to here (6 seconds from the start)")
    parser.add_argument("--site", help="site of the recording: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other")
    _add_common(parser)


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "report",
        help="write a page per patient, with pictures and sound, and an index",
        description="Write a page per patient, with pictures and sound, and an index of them: of a run (murmur analyze "
        "-o OUT), or of recordings. A page needs nothing else, no network either. Needs the extra report.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="OUT|PATH", help="the folder of a run; or recordings, as analyze takes them"
    )
    parser.add_argument("--manifest", metavar="FILE.csv", help="of recordings, as analyze takes it")
    parser.add_argument(
        "-o",
        "--output",
        metavar="TO",
        help="folder for the pages (OUT/report), or NAME.html for the page of the only patient",
    )
    parser.add_argument("--patient", action="append", metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="worker processes (as many as there are cores)")
    parser.add_argument("--index-only", action="store_true", help="write the index, and no page")
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep pages of recordings that have not changed (as usual), or write all anew",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="nothing on stderr but what went wrong")
    _add_common(parser)


def _add_convert(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "convert",
        help="write recordings, their beats or labels in another format",
        description="Write a recording, what is found in it, or a file of labels in another format, which the suffix of "
        "the target tells, or --to: labels as circor (.tsv), audacity (.txt), textgrid (.TextGrid) or wfdb (.atr); the "
        "recording as wav, flac, dicom (.dcm), edf or bdf, the last three with its beats; a FHIR report as fhir (.json).",
        epilog="murmur convert 13918_MV.wav -o 13918_MV.TextGrid; murmur convert recordings/ -o beats/ --to audacity",
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="recording, labels (.tsv, .txt, .TextGrid, .atr), or folder of recordings",
    )
    parser.add_argument(
        "-o", "--output", metavar="TARGET", required=True, help="file to write, or a folder for several; never the source"
    )
    parser.add_argument("--to", metavar="FORMAT", help="what to write, where the target's suffix doesn't tell")
    parser.add_argument("--replace", action="store_true", help="replace files that are there already; the source never")
    parser.add_argument("--from", metavar="FORMAT", dest="from_", help="what labels are, where their suffix doesn't tell")
    parser.add_argument("--rate", type=_hertz, metavar="HZ", help="of labels that become WFDB annotations (10000)")
    parser.add_argument("--patient", metavar="ID", help="patient, whatever names and headers say")
    parser.add_argument("--site", help="site: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other")
    parser.add_argument("--subject", metavar="REF", help="of a FHIR report: the patient, such as Patient/17")
    parser.add_argument("--device", metavar="REF", help="of a FHIR report: the stethoscope, such as Device/3")
    parser.add_argument("--effective", metavar="TIME", help="of a FHIR report: when it was recorded, such as 2026-05-01")
    _add_common(parser)


def _add_live(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "live",
        help="analyze sound while it comes in",
        description="Analyze sound while it comes in: raw PCM on stdin, a microphone, or a file played as if it came in "
        "now. Writes a line of JSON for each event, and at the end one with the whole analysis; `murmur schema live` "
        "describes them.",
        epilog="arecord -t raw -f S16_LE -r 4000 | murmur live --rate 4000 --site MV",
    )
    parser.add_argument("--rate", type=_hertz, metavar="HZ", help="sample rate of what comes, in Hz")
    parser.add_argument(
        "--format", choices=("u8", "s16le", "s32le", "f32le"), default="s16le", help="what a sample on stdin is (s16le)"
    )
    parser.add_argument("--channels", type=_channels, default=1, metavar="N", help="channels of what comes, interleaved (1)")
    parser.add_argument("--device", metavar="NAME", help="a microphone, by name or number, instead of stdin")
    parser.add_argument("--replay", metavar="FILE", help="a recording instead of stdin")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="play --replay so much faster (1); 0: as fast as it goes"
    )
    parser.add_argument(
        "--history",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="the analysis at the end rests on so much of the newest sound (300, at least 10)",
    )
    parser.add_argument("--patient", metavar="ID", help="whose heart it is")
    parser.add_argument("--site", help="where the chest piece is: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other")
    _add_common(parser)


def _add_serve(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="a local server: recordings and live sound in, JSON out, and a page that shows it",
        description="A local server: POST /analyze takes a recording, the WebSocket /live takes sound while it comes in, "
        "and the page at / shows a microphone or a file. /openapi.json describes it. It holds sound in memory only.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to be asked at (127.0.0.1, which only this machine can reach)"
    )
    parser.add_argument("--port", type=_port, default=8765, metavar="N", help="port (8765); 0: any that is free")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name under which it may be asked; repeatable"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="URL",
        help="pages of another server that may ask, such as https://clinic.example; repeatable",
    )
    parser.add_argument("--clients", type=_jobs, default=32, metavar="N", help="live streams, and uploads, at once (32)")
    parser.add_argument("--upload-mb", type=_megabytes, default=64, metavar="MB", help="largest recording (64)")
    parser.add_argument(
        "--idle", type=_seconds, default=30.0, metavar="S", help="end a stream on which nothing comes for so long (30)"
    )
    parser.add_argument("--models", metavar="DIR", help="folder with other models than those that ship")
    _add_settings(parser)


def _add_datasets(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "datasets",
        help="public data sets: what there is, downloads, and manifests to analyze them by",
        description="Public data sets of heart sounds. Alone: what each holds, where it is and under which licence.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    get = actions.add_parser(
        "get",
        help="download a data set as published",
        description="Download a data set as published, every file checked against the checksum that its host lists. The "
        "same command again fetches only what is not there yet, and goes on within a file that was cut.",
        epilog="murmur datasets get cinc2016 cinc2016/ --only 'training-a/*'",
    )
    _add_dataset(get, "where it goes; made where there is none")
    get.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only files whose paths fit, such as 'training-a/*' or '*_MV*', and the tables needed to read them; repeatable",
    )
    get.add_argument(
        "--mirror", metavar="URL", help="a folder on another web server with the same files and a SHA256SUMS.txt"
    )
    get.add_argument("--jobs", type=_jobs, default=4, metavar="N", help="files at a time (4)")
    get.add_argument("--no-progress", action="store_false", dest="progress", help="no bar")
    get.add_argument("-q", "--quiet", action="store_true", help="nothing on stderr but errors")
    manifest = actions.add_parser(
        "manifest",
        help="write a manifest with the labels of a data set",
        description="Write a manifest for murmur analyze --manifest: path, patient, site, position and labels (label_…), "
        "which are carried through to recordings.csv. What is missing is told on stderr.",
    )
    _add_dataset(manifest, "where the data set is")
    manifest.add_argument("-o", "--output", metavar="FILE.csv", help="write here instead of to stdout")


def _add_dataset(parser: argparse.ArgumentParser, folder: str) -> None:
    parser.add_argument("name", metavar="NAME", choices=("circor", "cinc2016", "bmdhs"), help="circor, cinc2016 or bmdhs")
    parser.add_argument("folder", metavar="DIR", help=folder)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--channel", type=_channel, metavar="N", help="channel to take, from 0 (the first)")
    parser.add_argument("--models", metavar="DIR", help="folder with other models than those that ship")
    _add_settings(parser)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="change one of murmur.Settings, such as least_cycles=5; may be repeated",
    )


def _jobs(text: str) -> int:
    return _at_least(1, text)


def _megabytes(text: str) -> int:
    return _at_least(1, text)


def _seconds(text: str, of: str = "of seconds ", more: str = "") -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number {of}above 0{more}, not {text!r}")
    return number


def _port(text: str) -> int:
    number = _at_least(0, text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"must be a port, 0 to 65535, not {text!r}")
    return number


def _hertz(text: str) -> float:
    return _seconds(text, "of Hz ")


def _not_negative(text: str) -> float:
    return 0.0 if text in {"0", "0.0"} else _seconds(text, more=" or 0")


def _speed(text: str) -> float:
    return 0.0 if text in {"0", "0.0"} else _seconds(text, "", " or 0")


def _channels(text: str) -> int:
    return _at_least(1, text)


def _channel(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more, not {text!r}")
    return number
