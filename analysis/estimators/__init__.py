"""Estimators, one file each: a long table in, a result out."""
