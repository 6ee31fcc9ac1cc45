"""The base of all records."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of all records: immutable, strict about unknown keys, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
