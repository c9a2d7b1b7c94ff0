"""One family of errors, and settings that refuse what makes no sense."""

from __future__ import annotations

import pickle

import pytest

from murmur import errors
from murmur.errors import MurmurError, ParameterError
from murmur.settings import Settings

KINDS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_a_murmur_error(kind):
    with pytest.raises(MurmurError, match="what went wrong"):
        raise kind("what went wrong")


@pytest.mark.parametrize("kind", KINDS)
def test_errors_travel_between_processes(kind):
    copy = pickle.loads(pickle.dumps(kind("what went wrong")))
    assert type(copy) is kind
    assert str(copy) == "what went wrong"


def test_errors_are_also_what_python_calls_them():
    assert issubclass(ParameterError, ValueError)
    assert issubclass(errors.MissingFileError, FileNotFoundError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("murmur_cost_present", 0.0),
        ("murmur_cost_unknown", -1.0),
        ("murmur_cost_absent", float("nan")),
        ("least_confidence", 1.0),
        ("least_confidence", -0.1),
        ("least_quality", 1.5),
        ("least_cycles", 0),
        ("spike_factor", 1.0),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name_and_value(name, value):
    with pytest.raises(ParameterError, match=name) as refusal:
        Settings(**{name: value})
    assert repr(value) in str(refusal.value)


def test_a_fingerprint_changes_with_any_setting():
    prints = {Settings(**{name: getattr(Settings(), name) + 1}).fingerprint() for name in ("least_cycles", "spike_factor")}
    assert len(prints | {Settings().fingerprint()}) == 3
    assert Settings().fingerprint() == Settings().fingerprint()
    assert len(Settings().fingerprint()) == 12
