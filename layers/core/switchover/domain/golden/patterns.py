"""Regular expressions whose running time is linear in the length of the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pydantic_core import PydanticCustomError, SchemaError, SchemaValidator, core_schema


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern in the syntax of Rust's `regex`, which pydantic contains.

    Python's own `re` backtracks: `(a+)+$` takes hours for a line of `a`. Rust's engine has no
    look-around and no backreferences, but its time is limited (docs.rs/regex, "Untrusted input").
    """

    _validator: SchemaValidator

    def search(self, text: str) -> bool:
        """Whether the pattern occurs anywhere in the text; `^` and `$` are the ends of the text."""
        # JSON can contain half a character. The engine doesn't accept it as text and would find
        # nothing.
        return self._validator.isinstance_python(text.encode(errors="replace").decode())


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern.

    Raises:
        PydanticCustomError: it isn't a valid pattern. A ValueError, with the remedy.
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
        return "Avoid it, so that matching always ends. Use `matches_not` for text that must not occur."
    if "size limit" in said:
        return "Use smaller repetitions: `{1,100}` repeats the part a hundred times."
    return "Correct it; the syntax is that of Rust's `regex` (docs.rs/regex)."
