"""From an experiment's specification to stored trials."""
