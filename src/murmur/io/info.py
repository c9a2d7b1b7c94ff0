"""What is known of a recording besides its samples: where it is, whose it is, where and when it was made."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace

from murmur.errors import ParameterError
from murmur.io.naming import canonical_position, canonical_site, match_name
from murmur.records import Record


@dataclass(frozen=True, slots=True)
class RecordingInfo(Record):
    """What is known of a recording besides its samples; "" stands for what is not known.

    Parameters
    ----------
    path : str
        Path or URL of the file; "" if the sound does not come from a file.
    patient : str
        Id of the patient.
    site : str
        Auscultation site; stored as one of `murmur.io.naming.SITES`, so "mitral" becomes "MV".
    position : str
        Body position; stored as one of `murmur.io.naming.POSITIONS`, so "supine" becomes "sup".
    visit : str
        Date, number or name of the visit.

    Raises
    ------
    ParameterError
        If a value is not a string, or the site or position is unknown.

    See Also
    --------
    murmur.load : Reads a recording, with this as its `info`.

    Examples
    --------
    >>> import murmur
    >>> murmur.RecordingInfo(patient="17", site="mitral")
    RecordingInfo(path='', patient='17', site='MV', position='', visit='')
    >>> murmur.RecordingInfo.from_path("recordings/13918_AV.wav")
    RecordingInfo(path='recordings/13918_AV.wav', patient='13918', site='AV', position='', visit='')
    """

    path: str = ""
    patient: str = ""
    site: str = ""
    position: str = ""
    visit: str = ""

    def __post_init__(self) -> None:
        for name in ("path", "patient", "visit"):
            if not isinstance(getattr(self, name), str):
                raise ParameterError(f"{name} must be a string, not {getattr(self, name)!r}")
        # A frozen dataclass leaves no other way to set a field.
        object.__setattr__(self, "patient", self.patient.strip())
        object.__setattr__(self, "site", canonical_site(self.site))
        object.__setattr__(self, "position", canonical_position(self.position))
        object.__setattr__(self, "visit", self.visit.strip())

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> RecordingInfo:
        r"""Take patient, site and position from a file name that follows a known scheme.

        The schemes are ``<patient>_<site>`` and ``<patient>_<position>_<site>``, each optionally followed by a running
        number (``13918_AV.wav``, ``50690_MV_2.wav``, ``MR_002_sit_Mit.wav``, ``MR1_Ax.wav``). The patient is a number,
        optionally preceded by up to four letters; site and position ignore case. The whole name must fit: a wrong patient
        would join recordings of different people, so nothing is taken from a doubtful name.

        Parameters
        ----------
        path : str or os.PathLike
            Only the last part counts, without its extension. ``\`` separates folders as ``/`` does.

        Returns
        -------
        RecordingInfo
            With the path; the other fields are empty if the name follows no known scheme.
        """
        text = os.fsdecode(path)
        return cls(text, *match_name(text))

    def updated(
        self,
        patient: str | None = None,
        site: str | None = None,
        position: str | None = None,
        visit: str | None = None,
    ) -> RecordingInfo:
        """Return a copy with the given values in place of its own; None keeps a value, "" clears it."""
        given = {"patient": patient, "site": site, "position": position, "visit": visit}
        changed = {name: value for name, value in given.items() if value is not None}
        return replace(self, **changed) if changed else self


#: The names of the fields, in their order.
INFO_FIELDS = tuple(field.name for field in fields(RecordingInfo))
