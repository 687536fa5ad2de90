"""Strict FHIR R4 validation of what we write; the only importer of fhir.resources (R4B: it ships no R4).

R4B differs from R4 in nothing that the resources named here carry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from fhir.errors import BadResource
from fhir.terminology import data
from fhir.wire import rows


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One breach of the specification. element: the top-level element it is in; "" = of the resource as a whole."""

    element: str
    message: str


def faults(resource: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Every breach in a resource of a type this service writes; () = valid."""
    message = "null and empty values are not FHIR"
    empty = (Fault(element=name, message=message) for name, value in resource.items() if _empty(value))
    return (*empty, *_breaches_of_structure(resource), *_breaches_of_value_sets(resource))


def _empty(node: Any) -> bool:
    """Whether null, "", [] or {} stands here or anywhere inside: the library lets some of them pass."""
    if isinstance(node, Mapping):
        return not node or any(_empty(value) for value in node.values())
    if isinstance(node, list):
        return not node or any(_empty(value) for value in node)
    return node is None or node == ""


def _breaches_of_structure(resource: Mapping[str, Any]) -> tuple[Fault, ...]:
    try:
        _model(str(resource.get("resourceType"))).model_validate(dict(resource))
    except ValidationError as error:
        return tuple(
            Fault(element=str(item["loc"][0]) if item["loc"] else "", message=item["msg"])
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        )
    return ()


def _breaches_of_value_sets(resource: Mapping[str, Any]) -> Iterator[Fault]:
    """Codes outside their required value set, those of contained and bundled resources included."""
    for path, codes in _written().get(str(resource.get("resourceType")), {}).items():
        if any(value not in codes for value in _values(resource, path.split("."))):
            yield Fault(element=path.split(".")[0], message=f"{path} must be one of {', '.join(codes)}")
    for name, inner in _inside(resource):
        yield from (Fault(element=name, message=fault.message) for fault in _breaches_of_value_sets(inner))


def _inside(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from (("contained", inner) for inner in rows(resource, "contained"))
    yield from (("entry", inner) for entry in rows(resource, "entry") for inner in rows(entry, "resource"))


def _values(node: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, path)
    elif not path:
        yield node
    elif isinstance(node, Mapping) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def check(resource: Mapping[str, Any]) -> None:
    """Raises BadResource naming the first breach and its element; a value of the chart is never in the message."""
    found = faults(resource)
    if found:
        where = found[0].element or "the resource"
        raise BadResource(f"{resource.get('resourceType')} is not valid R4: {where}: {found[0].message}")


@cache
def _model(kind: str) -> type[BaseModel]:
    if kind not in _written():
        raise BadResource(f"{kind} is not a resource this service writes; it writes {', '.join(_written())}")
    return getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)


def _written() -> Mapping[str, Mapping[str, list[str]]]:
    """terminology/written.toml: resource type -> path -> codes."""
    return data("written.toml")
