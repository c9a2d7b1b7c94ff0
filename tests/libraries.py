"""Which library each format needs; the tests of a format are skipped where its library is not installed."""

import pytest

LIBRARIES = {
    "bdf": "edfio",
    "dicom": "pydicom",
    "edf": "edfio",
    "fhir": "fhir.resources",
    "textgrid": "praatio",
    "wfdb": "wfdb",
}


def needs(*formats):
    """Skip the test unless the libraries of all these formats are installed."""
    for name in formats:
        if name in LIBRARIES:
            pytest.importorskip(LIBRARIES[name])
