"""Reports for people: a page per patient, with pictures and sound, and an index of a run (extra ``report``)."""

from murmur.report.page import Subject, page_of
from murmur.report.run import Written, write_reports

__all__ = ["Subject", "Written", "page_of", "write_reports"]
