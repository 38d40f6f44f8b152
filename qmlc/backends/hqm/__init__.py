"""From circuits to programs of the language, as a person would write them."""
