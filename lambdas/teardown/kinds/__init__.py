"""The kinds of things that an environment may have, a module per service or field. A new kind is an entry here."""
