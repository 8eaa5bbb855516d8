"""XMP packets, of a sidecar or out of a photo: read, changed in one place, and written with all else as it was.

A packet is RDF in XML that many programs write into. So it is kept as the tree that it was read as: prefixes, order,
comments and every value stay, and only what the caller changes is changed. Python's own writer is not used, for it
loses line breaks in attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.dom import Node, minidom
from xml.parsers.expat import ExpatError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_X = "adobe:ns:meta/"
_XMLNS = "http://www.w3.org/2000/xmlns/"
LARGEST = 32 << 20
"""Bytes of a packet that is still read; Camera Raw's masks take megabytes."""
_NEW = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="{_X}" x:xmptk="Personae"><rdf:RDF xmlns:rdf="{RDF}">\n</rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)
_ARRAYS = ("Bag", "Seq", "Alt")


class Packet:
    """One packet. `prefixes`: of the namespaces that the caller adds properties of, namespace -> prefix."""

    def __init__(self, content: bytes | None, prefixes: dict[str, str]) -> None:
        """Read `content`, None for a new packet; raises ValueError, which says what is wrong, for what is no XMP."""
        content = _NEW.encode() if content is None else content
        if len(content) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST >> 20} MiB, which no XMP is")
        if not content.startswith((b"\xff\xfe", b"\xfe\xff")):  # in UTF-16 these are halves of letters
            content = content.strip(b"\0 \t\r\n")
        try:
            self._document = minidom.parseString(content)
        except (ExpatError, UnicodeError, LookupError, ValueError) as error:
            raise ValueError(f"it is no XML that can be read ({error})") from None
        if self._document.doctype is not None:  # XMP has none, and entities could be anything
            raise ValueError("it has a document type, which XMP has not")
        found = self._document.getElementsByTagNameNS(RDF, "RDF")
        if not found:
            raise ValueError("there is no RDF in it, so it is no XMP")
        self._rdf = found[0]
        self._prefixes = prefixes

    def to_bytes(self) -> bytes:
        """The packet in UTF-8."""
        parts = [_written(node) for node in self._document.childNodes]
        head = ['<?xml version="1.0" encoding="UTF-8"?>'] if self._document.encoding is not None else []
        return ("\n".join([*head, *parts]) + "\n").encode()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing: no property is left, whoever wrote them."""
        return not any(
            any(_elements(one)) or any(not _is_frame(name) for name in one.attributes.keys())  # noqa: SIM118
            for one in self._descriptions()
        )

    def find(self, namespace: str, name: str) -> minidom.Element | None:
        """A property by its namespace and name; None where it is not there."""
        for one in self._descriptions():
            for child in _elements(one):
                if (child.namespaceURI, child.localName) == (namespace, name):
                    return child
        return None

    def add(self, namespace: str, name: str) -> minidom.Element:
        """A new, empty property, in the description that holds what was added by us, or in one of its own."""
        own = next((one for one in self._descriptions() if one.getAttributeNS(_XMLNS, "personae")), None)
        if own is None:
            first = next(self._descriptions(), None)
            about = first.getAttributeNS(RDF, "about") if first is not None else ""
            own = self.child(self._rdf, RDF, "Description")
            own.setAttributeNS(RDF, f"{own.prefix}:about", about)
            for uri, prefix in self._prefixes.items():
                own.setAttributeNS(_XMLNS, f"xmlns:{prefix}", uri)
        return self.child(own, namespace, name)

    def child(self, parent: minidom.Element, namespace: str, name: str, text: str | None = None) -> minidom.Element:
        """A new element at the end of `parent`, on a line of its own, with a prefix that stands for its namespace."""
        prefix = _prefix_in_scope(parent, namespace)
        made = self._document.createElementNS(namespace, f"{prefix or self._prefixes[namespace]}:{name}")
        if prefix is None:
            made.setAttributeNS(_XMLNS, f"xmlns:{self._prefixes[namespace]}", namespace)
        if text is not None:
            made.appendChild(self._document.createTextNode(text))
        depth = _depth(parent)
        last = parent.lastChild
        if last is not None and last.nodeType == Node.TEXT_NODE and not last.data.strip():
            parent.removeChild(last)
        parent.appendChild(self._document.createTextNode("\n" + " " * (depth + 1)))
        parent.appendChild(made)
        parent.appendChild(self._document.createTextNode("\n" + " " * depth))
        return made

    def structure(self, parent: minidom.Element, namespace: str, name: str) -> minidom.Element:
        """A new element at the end of `parent` whose children are the fields of a structure."""
        return as_structure(self.child(parent, namespace, name))

    def items(self, element: minidom.Element) -> list[minidom.Element]:
        """The items of an array; raises ValueError where there is anything else in it."""
        arrays = [one for one in _elements(element) if one.namespaceURI == RDF and one.localName in _ARRAYS]
        items = [item for array in arrays for item in _elements(array)]
        if any((item.namespaceURI, item.localName) != (RDF, "li") for item in items):
            raise ValueError(f"the list {element.tagName} in it holds something that is no item")
        return items

    def fields(self, element: minidom.Element) -> set[str]:
        """The names of a structure's fields that stand as elements."""
        return {str(one.localName) for one in _elements(_fields(element))}

    def add_item(self, element: minidom.Element) -> minidom.Element:
        """A new item at the end of an array, which becomes a bag where it is none yet."""
        arrays = [one for one in _elements(element) if one.namespaceURI == RDF and one.localName in _ARRAYS]
        return self.child(arrays[0] if arrays else self.child(element, RDF, "Bag"), RDF, "li")

    def _descriptions(self) -> Iterator[minidom.Element]:
        for child in _elements(self._rdf):
            if (child.namespaceURI, child.localName) == (RDF, "Description"):
                yield child

    def tidy(self) -> None:
        """Take descriptions away that say nothing."""
        for one in list(self._descriptions()):
            if not any(_elements(one)) and all(_is_frame(name) for name in one.attributes.keys()):  # noqa: SIM118
                remove(one)


def as_structure(element: minidom.Element) -> minidom.Element:
    """The element, whose children will be fields."""
    prefix = _prefix_in_scope(element, RDF)
    element.setAttributeNS(RDF, f"{prefix}:parseType", "Resource")
    return element


def field(element: minidom.Element, namespace: str, name: str) -> minidom.Element | None:
    """A field of a structure that stands as an element of its own."""
    for one in _elements(_fields(element)):
        if (one.namespaceURI, one.localName) == (namespace, name):
            return one
    return None


def value(element: minidom.Element | None, namespace: str, name: str) -> str | None:
    """A field's text, in whichever of the forms RDF allows it stands; None where it is not there."""
    if element is None:
        return None
    for one in (element, _fields(element)):
        if one.hasAttributeNS(namespace, name):
            return str(one.getAttributeNS(namespace, name))
    own = field(element, namespace, name)
    return None if own is None else text_of(own)


def text_of(element: minidom.Element) -> str:
    """The text in an element."""
    return "".join(str(node.data) for node in element.childNodes if node.nodeType in (Node.TEXT_NODE, Node.CDATA_SECTION_NODE)).strip()  # fmt: skip  # noqa: E501


def remove(element: minidom.Element) -> None:
    """Take an element away, with the white space before it."""
    parent: Any = element.parentNode
    before = element.previousSibling
    if before is not None and before.nodeType == Node.TEXT_NODE and not before.data.strip():
        parent.removeChild(before)
    parent.removeChild(element)


def _fields(element: minidom.Element) -> minidom.Element:
    """What holds the fields of a structure: the element itself, or a description in it."""
    inner = [one for one in _elements(element) if (one.namespaceURI, one.localName) == (RDF, "Description")]
    return inner[0] if inner else element


def _elements(parent: minidom.Element) -> Iterator[minidom.Element]:
    for node in parent.childNodes:
        if isinstance(node, minidom.Element):
            yield node


def _is_frame(attribute: str) -> bool:
    """Whether an attribute of a description is no property: a declaration, or whom the description is about."""
    return attribute.startswith("xmlns") or attribute.rsplit(":", 1)[-1] == "about"


def _depth(element: minidom.Element) -> int:
    depth, above = 0, element.parentNode
    while isinstance(above, minidom.Element):
        depth, above = depth + 1, above.parentNode
    return depth


def _prefix_in_scope(element: minidom.Element, namespace: str) -> str | None:
    """A prefix that stands for `namespace` at an element; None where there is none."""
    hidden: set[str] = set()
    above: Node | None = element
    while isinstance(above, minidom.Element):
        for name, uri in above.attributes.items():
            if name.startswith("xmlns:") and (prefix := name[6:]) not in hidden:
                if uri == namespace:
                    return prefix
                hidden.add(prefix)
        above = above.parentNode
    return None


def _written(node: minidom.Node) -> str:
    """A node as text that is read as the same node."""
    if isinstance(node, minidom.Element):
        attributes = "".join(f' {name}="{_escaped(text, quoted=True)}"' for name, text in node.attributes.items())
        inner = "".join(map(_written, node.childNodes))
        return f"<{node.tagName}{attributes}>{inner}</{node.tagName}>" if inner else f"<{node.tagName}{attributes}/>"
    if isinstance(node, minidom.CDATASection):
        return f"<![CDATA[{node.data}]]>"
    if isinstance(node, minidom.Comment):
        return f"<!--{node.data}-->"
    if isinstance(node, minidom.ProcessingInstruction):
        return f"<?{node.target} {node.data}?>"
    return _escaped(str(node.data), quoted=False) if isinstance(node, minidom.Text) else ""


def _escaped(text: str, *, quoted: bool) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
    if quoted:
        text = text.replace('"', "&quot;").replace("\t", "&#x9;").replace("\n", "&#xA;")
    return text
