"""Other tools' results in one report with ours: plugins that ship with Assay and run only when asked for."""
