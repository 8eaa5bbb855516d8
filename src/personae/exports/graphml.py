"""GraphML of who is on screen with whom, for Gephi, Cytoscape, networkx and igraph."""

from __future__ import annotations

from pathlib import Path

from personae.exports.spans import line
from personae.exports.xml import document, element
from personae.timeline.presence import co_presence, names_of
from personae.timeline.timeline import Timeline

_KEYS = (
    ("label", "node", "string"),
    ("known", "node", "boolean"),
    ("visible_face_time_s", "node", "double"),
    ("on_screen_s", "node", "double"),
    ("scene_presence_s", "node", "double"),
    ("appearances", "node", "int"),
    ("weight", "edge", "double"),  # seconds together, by the name that every program takes for the width
    ("times", "edge", "int"),
)


class CoPresenceGraph:
    """`.graphml`: a node per person, an edge per two who are on screen at once, weighted by seconds together."""

    name = "graphml"
    suffixes = (".graphml",)
    title = "graph of who is on screen with whom"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        names = names_of(timeline)
        ids = {name: f"n{number}" for number, name in enumerate(names)}
        totals = {row.name: row for row in timeline.characters}
        known = {one.name for one in timeline.appearances if one.character is not None}
        nodes = []
        for name in names:
            data = {"label": line(name), "known": "true" if name in known else "false"}
            if row := totals.get(name):
                data |= {
                    "visible_face_time_s": f"{row.visible_face_time_s:.3f}",
                    "on_screen_s": f"{row.on_screen_s:.3f}",
                    "scene_presence_s": f"{row.scene_presence_s:.3f}",
                    "appearances": str(row.appearances),
                }
            nodes.append(element("node", *(element("data", value, key=key) for key, value in data.items()),
                                 id=ids[name]))  # fmt: skip
        edges = [
            element(
                "edge",
                element("data", f"{pair.together_s:.3f}", key="weight"),
                element("data", str(pair.times), key="times"),
                source=ids[pair.first],
                target=ids[pair.second],
            )
            for pair in co_presence(timeline)
        ]
        keys = []
        for name, of, kind in _KEYS:
            key = element("key", id=name)
            key.attrib |= {"for": of, "attr.name": name, "attr.type": kind}
            keys.append(key)
        root = element("graphml", *keys, element("graph", *nodes, *edges, id="film", edgedefault="undirected"))
        root.set("xmlns", "http://graphml.graphdrawing.org/xmlns")
        return document(root)
