"""An online bookshop."""

__version__ = "1.0.0"
