"""What a JSON schema says, for people: the kind of a value, its bounds, and an example of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape

Schema = Mapping[str, Any]
Components = Mapping[str, Schema]

_REF = "#/components/schemas/"
_BOUNDS = {
    "minimum": "from {}",
    "ge": "from {}",
    "exclusiveMinimum": "above {}",
    "gt": "above {}",
    "maximum": "up to {}",
    "le": "up to {}",
    "exclusiveMaximum": "below {}",
    "minLength": "characters: {} at least",
    "maxLength": "characters: {} at most",
    "minItems": "{} at least",
    "maxItems": "{} at most",
    "decimal_places": "{} decimals",
    "pattern": "matches {}",
}
_SAMPLES = {
    "date-time": "2026-11-22T08:45:00.857583Z",
    "date": "2026-11-22",
    "uuid": "9b2f5c0e-6a53-4f4e-9d2b-1c8f0a7d3e21",
    "uri": "https://books.example/",
    "email": "ann@example.com",
    "binary": "(the file)",
}
_WHOLE_INT = {-(2**31), 2**31 - 1}


def kind(schema: Schema) -> Markup:
    """Such as "list of Book" or "text (date) or null"; names of schemas are links to them."""
    if "$ref" in schema:
        name = _name(schema)
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return Markup(" or ").join(dict.fromkeys(kind(choice) for choice in choices))
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return Markup(" ").join(Markup("<code>{}</code>").format(_literal(value)) for value in values)
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, dict):
        return Markup("{} of {}").format("list" if schema.get("type") == "array" else "object", kind(inner))
    names = schema.get("type", "any value")
    told = " or ".join(names) if isinstance(names, list) else str(names)
    return escape(f"{told} ({schema['format']})" if "format" in schema else told)


def resolved(schema: Schema, components: Components) -> Schema:
    """The schema that a reference leads to, else itself."""
    return components[_name(schema)] if "$ref" in schema else schema


def notes(schema: Schema) -> str:
    """Its bounds and its default; those of 32 bits hold for every integer and are left out."""
    return "; ".join(dict.fromkeys(_notes(schema)))


def _notes(schema: Schema) -> Iterator[str]:
    for choice in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
        for name, words in _BOUNDS.items():
            if name in choice and choice[name] not in _WHOLE_INT:
                value = choice[name]
                yield words.format(int(value) if isinstance(value, float) and value.is_integer() else value)
    if schema.get("default") is not None:
        yield f"default {_literal(schema['default'])}"


def example(schema: Schema, components: Components, within: tuple[str, ...] = ()) -> Any:
    """A value that the schema describes: its own example, else one made of those of its parts."""
    if "$ref" in schema:
        name = _name(schema)
        return None if name in within else example(components[name], components, (*within, name))
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return example(choices[0], components, within)
    return _of_type(schema, components, within)


def _of_type(schema: Schema, components: Components, within: tuple[str, ...]) -> Any:
    names = schema.get("type")
    name = names[0] if isinstance(names, list) else names
    if name == "object" and "properties" in schema:
        return {key: example(value, components, within) for key, value in schema["properties"].items()}
    if name == "object":
        more = schema.get("additionalProperties")
        return {"key": example(more, components, within)} if isinstance(more, dict) else {}
    if name == "array":
        return [example(schema.get("items", {}), components, within)]
    if name == "string":
        return _SAMPLES.get(schema.get("format", ""), "text")
    lowest = schema.get("minimum", 1)
    return {"integer": 1 if lowest in _WHOLE_INT else lowest, "number": 1.5, "boolean": True}.get(str(name))


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(_REF)


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
