"""XML as the exporters write it: indented, UTF-8, elements built from nested calls."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def element(tag: str, *children: Element | str, **attributes: str) -> Element:
    """An element with attributes, text and children; a trailing underscore of a name (`id_`) is dropped."""
    made = Element(tag, {name.rstrip("_").replace("__", ":"): value for name, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            made.text = child
        else:
            made.append(child)
    return made


def document(root: Element, doctype: str | None = None) -> bytes:
    """The document with its declaration, and its doctype where it has one."""
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"<!DOCTYPE {doctype}>\n" if doctype else "")
    return f"{head}{ElementTree.tostring(root, encoding='unicode')}\n".encode()
