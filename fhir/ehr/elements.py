"""Searches narrowed to the elements that readers use, for servers known to honour _elements."""

from fhir.terminology import data


def with_elements(query: str) -> str:
    """A search with _elements added; one of a type that is not in the table, or that has its own, as it is."""
    kind, _, parameters = query.partition("?")
    names = elements_of(kind)
    if not names or not parameters or "_elements=" in parameters:
        return query
    return f"{query}&_elements={','.join(names)}"


def elements_of(kind: str) -> tuple[str, ...]:
    """The element names asked for of one resource type; () where all are."""
    table = data("elements.toml")
    return (*table["common"], *table[kind]) if kind in table and kind != "common" else ()
