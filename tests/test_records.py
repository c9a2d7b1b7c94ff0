"""Results as dictionaries and JSON, held to the schema made from their types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

from murmur.measure.rhythm import Rhythm
from murmur.pipeline.analysis import Analysis, analyze
from murmur.records import Record, json_schema
from murmur.segmentation.result import Interval, Segmentation
from murmur.settings import Settings
from murmur.synthesis import Murmur

VALIDATOR = jsonschema.Draft202012Validator


@pytest.fixture(scope="module", params=["readable", "unreadable"])
def analysis(request, listen):
    settings = Settings(least_cycles=3 if request.param == "readable" else 99)
    samples = listen(12.0, systolic_murmur=Murmur()).samples
    result = analyze(samples, sample_rate_hz=4000, site="MV", settings=settings)
    assert (result.status == "ok") == (request.param == "readable")
    return result


def test_the_schema_is_one():
    VALIDATOR.check_schema(json_schema(Analysis))


def test_an_analysis_keeps_to_its_schema(analysis):
    VALIDATOR(json_schema(Analysis)).validate(analysis.to_dict())


def test_json_says_the_same_as_the_dictionary(analysis):
    assert json.loads(analysis.to_json()) == analysis.to_dict()
    assert "\n" not in analysis.to_json()
    assert json.loads(analysis.to_json(indent=2)) == analysis.to_dict()


def test_a_dictionary_names_every_field(analysis):
    assert list(analysis.to_dict()) == list(Analysis.__dataclass_fields__)
    assert list(analysis.to_dict()["rhythm"]) == list(Rhythm.__dataclass_fields__)


def test_the_parts_of_a_result_are_results(analysis):
    VALIDATOR(json_schema(Segmentation)).validate(analysis.segmentation.to_dict())
    assert analysis.segmentation.to_dict() == analysis.to_dict()["segmentation"]


def test_intervals_have_names_and_circors_codes(analysis):
    first = analysis.to_dict()["segmentation"]["intervals"][0]
    assert list(first) == list(Interval._fields)
    assert first["start_s"] == 0
    assert first["state"] in {1, 2, 3, 4}


def test_the_schema_refuses_what_is_not_an_analysis(analysis):
    validator = VALIDATOR(json_schema(Analysis))
    good = analysis.to_dict()
    for bad in (
        {**good, "extra": 1},
        {k: v for k, v in good.items() if k != "quality"},
        {**good, "duration_s": "long"},
    ):
        assert not validator.is_valid(bad)


def test_results_are_frozen(analysis):
    with pytest.raises(FrozenInstanceError):
        analysis.status = "fine"
    assert not hasattr(analysis, "__dict__")


class Colour(IntEnum):
    RED = 1
    GREEN = 2


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Inner(Record):
    value: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Everything(Record):
    text: str
    count: int
    sure: bool
    level: float
    missing: float | None
    kind: Literal["a", "b"]
    colour: Colour
    point: Point
    inner: Inner
    inners: tuple[Inner, ...]
    names: Sequence[str]
    figures: dict[str, float | None]
    column: NDArray[np.float64]
    flags: NDArray[np.bool_]
    anything: Any


def everything(**changes):
    values = {
        "text": "µ",
        "count": np.int64(3),
        "sure": np.bool_(True),
        "level": np.float32(0.5),
        "missing": None,
        "kind": "a",
        "colour": Colour.GREEN,
        "point": Point(1.0, np.nan),
        "inner": Inner(2.0),
        "inners": (Inner(None), Inner(np.inf)),
        "names": ["p", "q"],
        "figures": {"a": 1.0, "b": -np.inf},
        "column": np.array([1.0, np.nan]),
        "flags": np.array([True, False]),
        "anything": [1, "x"],
    }
    return Everything(**{**values, **changes})


def test_every_kind_of_value_becomes_plain():
    assert everything().to_dict() == {
        "text": "µ",
        "count": 3,
        "sure": True,
        "level": 0.5,
        "missing": None,
        "kind": "a",
        "colour": 2,
        "point": {"x": 1.0, "y": None},
        "inner": {"value": 2.0},
        "inners": [{"value": None}, {"value": None}],
        "names": ["p", "q"],
        "figures": {"a": 1.0, "b": None},
        "column": [1.0, None],
        "flags": [True, False],
        "anything": [1, "x"],
    }


def test_plain_values_are_python_values():
    plain = everything().to_dict()
    assert [type(plain[name]) for name in ("count", "sure", "level", "colour")] == [int, bool, float, int]


def test_every_kind_of_value_has_a_schema():
    VALIDATOR(json_schema(Everything)).validate(everything().to_dict())


@pytest.mark.parametrize(
    "change", [{"kind": "c"}, {"count": 1.5}, {"text": None}, {"colour": 7}, {"names": [1]}, {"figures": {"a": "x"}}]
)
def test_the_schema_knows_the_kinds(change):
    assert not VALIDATOR(json_schema(Everything)).is_valid(everything(**change).to_dict())


def test_text_stays_readable():
    assert "µ" in everything().to_json()


@pytest.mark.parametrize(("value", "text"), [(1 / 3, "0.3333333"), (86399.1234567, "86399.1235"), (0.1 + 0.2, "0.3")])
def test_numbers_have_seven_digits_and_large_ones_four_decimals(value, text):
    assert json.dumps(Inner(value).to_dict()["value"]) == text


def test_what_has_no_schema_is_refused():
    with pytest.raises(TypeError, match="no JSON Schema"):
        json_schema(complex)
