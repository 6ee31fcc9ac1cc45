"""People: they meet the identical pages in a browser of their own, by `aces people`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from aces.errors import SpecError, UserError
from aces.seeds import Stream
from aces.types import BuyerSession, Factor, Ground, Record, Task
from agents import wording

ACTING = (
    "The shop opens in a window of its own. What you order there is your answer; if nothing there "
    "is worth buying, say so below."
)


class PersonBuyer:
    """A person in front of the shop; each takes a few trials, and `aces people` hands them out."""

    in_person = True
    """`aces run` leaves its trials to `aces people`."""

    class Config(Record):
        """Parameters."""

        prompt: wording.Source = "person"
        """What people are asked to do: the name of a shipped prompt, or a file of your own."""
        consent: str = "consent"
        """What they agree to first: the shipped text, a .txt file of your own, or the text."""
        trials: int = Field(default=6, ge=1)
        """Of one person at most."""
        attention: bool = True
        """Whether they are asked afterwards which of the listings they bought."""
        patience_s: float = Field(default=1800.0, gt=0, json_schema_extra={"operational": True})
        """Longest time for one trial; then it counts as failed, cause `abandoned`."""
        code: str = Field(default="", json_schema_extra={"operational": True})
        """Shown at the end, for panels that ask for a completion code."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def resolve(cls, config: Config, ground: Ground) -> Config:
        """Returns the parameters with the full texts of prompts and consent.

        Raises:
            SpecError: If a file can't be read, or a prompt lacks a part.
        """
        texts = wording.prompts(config.prompt, ground.folder)
        consent = _consent(config.consent, ground.folder)
        return config.model_copy(update={"prompt": texts, "consent": consent})

    @classmethod
    def factors(cls, config: Config) -> Mapping[str, Factor]:
        """Returns the wordings that trials differ by."""
        return {"prompt": wording.prompts(config.prompt, None).factor()}

    @classmethod
    def prompt_hashes(cls, config: Config) -> Mapping[str, str]:
        """Returns the hash of each prompt's text, by name."""
        texts = wording.prompts(config.prompt, None).texts
        return {name: wording.text_hash(text) for name, text in texts.items()}

    def instruction(self, task: Task, currency: str) -> str:
        """Returns what a person is asked to do in a trial.

        Args:
            task: The errand, with the name of its wording.
            currency: Of the shop's prices.
        """
        texts = wording.prompts(self.config.prompt, None).texts
        prompt = wording.Prompt.parse(texts[task.prompt], task.prompt)
        said = prompt.render(task, persona="", acting=ACTING, currency=currency).instruction
        return said.replace("Nothing else is required of it.\n\n", "")

    def start(self, task: Task, stream: Stream) -> BuyerSession:
        """Refuses: nobody can act for a person.

        Raises:
            UserError: Always.
        """
        raise UserError("people shop by `aces people EXPERIMENT.yaml --out DIR`")

    def truth(self) -> None:
        """Returns nothing: what people like is what one wants to know."""


def _consent(source: str, folder: Path | None) -> str:
    """The text that people agree to."""
    if source == "consent":
        return (wording.SHIPPED / "consent.txt").read_text(encoding="utf-8")
    if not source.endswith(".txt"):
        return source
    try:
        return ((folder or Path()) / source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"consent: {source} can't be read: {error}") from error
