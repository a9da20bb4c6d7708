"""Import of books from any CSV file with a header."""

from app.catalog.importer.batches import Restocked
from app.catalog.importer.options import ImportFailed, ImportOptions, Source, parse_mapping
from app.catalog.importer.report import ImportReport
from app.catalog.importer.run import import_csv

__all__ = [
    "ImportFailed",
    "ImportOptions",
    "ImportReport",
    "Restocked",
    "Source",
    "import_csv",
    "parse_mapping",
]
