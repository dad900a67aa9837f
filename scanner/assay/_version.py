"""The one place the version is written: read by the build, and by `assay --version` at the price of one assignment."""

__version__ = "0.1.0.dev0"
