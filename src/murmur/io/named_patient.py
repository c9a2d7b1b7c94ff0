"""The patient that a file's header names."""

from __future__ import annotations

from pathlib import Path

from murmur.io.kinds import kind_of


def named_patient(path: str) -> str:
    """Return the patient's id in the header of an EDF or DICOM file, never the name; "" if none can be read."""
    kind = kind_of(path)
    if kind not in {"edf", "dicom"}:
        return ""
    try:
        with Path(path).open("rb") as file:
            if kind == "edf":
                from murmur.io.edf_file import edf_patient

                return edf_patient(file.read(256))
            from murmur.io.dicom_file import dicom_patient

            return dicom_patient(file)
    except (OSError, ValueError):  # reported when the file is analyzed
        return ""
