"""Statistics on numpy arrays: what estimators, power planning and sellers compute with."""
