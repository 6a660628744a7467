"""Vehicle Nest runs an automotive remanufacturing base: one ledger for every kilogram, kilowatt-hour, yuan and document."""

__version__ = "0.2.0"
