"""Regular expressions whose running time is linear in the length of the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pydantic_core import PydanticCustomError, SchemaError, SchemaValidator, core_schema


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern in the syntax of Rust's `regex`, which pydantic brings along.

    Python's own `re` backtracks: `(a+)+$` takes hours for a line of `a`. This engine has neither
    look-around nor backreferences, and in exchange a bound (docs.rs/regex, "Untrusted input").
    """

    _validator: SchemaValidator

    def search(self, text: str) -> bool:
        """Whether it is found anywhere in the text; `^` and `$` are the text's own ends."""
        # Half a character, which JSON can say, is no text to the engine: it would find nothing at all.
        return self._validator.isinstance_python(text.encode(errors="replace").decode())


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern that is ready to be looked for.

    Raises:
        PydanticCustomError: it isn't one, with what to write instead; a ValueError.
    """
    schema = core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")
    try:
        return Pattern(SchemaValidator(schema))
    except SchemaError as error:
        said = " ".join(str(error).rpartition("error: ")[2].split())
        raise PydanticCustomError(
            "pattern",
            "is not an accepted regular expression: {said}",
            {"said": said.rpartition("SchemaError: ")[2].rstrip("."), "remedy": _remedy(said)},
        ) from error


def _remedy(said: str) -> str:
    if "look-around" in said or "backreferences" in said:
        return "Avoid it, so that matching always ends; `matches_not` gives what must not occur."
    if "size limit" in said:
        return "Use smaller repetitions: `{1,100}` repeats the part a hundred times."
    return "Correct it; the syntax is that of Rust's `regex` (docs.rs/regex)."
