"""What Gradio writes of its endpoints into every page, taken out: those who call them read /gradio_api/info.

Two thirds of a page would be that list, twice: a table of arguments and return values, and a component for
each of them. Our scripts call no endpoint, and Gradio's front end wires only what has a place in the page.
"""

from __future__ import annotations

import json
from typing import Any

CONFIG, TABLE = "window.gradio_config = ", "window.gradio_api_info = "
NO_ENDPOINTS = {"named_endpoints": {}, "unnamed_endpoints": {}}


def without_endpoints(html: str) -> str:
    """The same page; one that holds no such list stays as it is."""
    for name, less in ((CONFIG, _wired), (TABLE, lambda _: NO_ENDPOINTS)):
        before, found, rest = html.partition(name)
        if not found:
            continue
        value, end = json.JSONDecoder().raw_decode(rest)
        html = before + name + _in_a_script(less(value)) + rest[end:]
    return html


def _wired(config: dict[str, Any]) -> dict[str, Any]:
    """A page's configuration with those events that a component of the page begins, and what they touch."""
    events = [event for event in config["dependencies"] if event["targets"]]
    ends = {number for event in events for number in (*event["inputs"], *event["outputs"])}
    kept = [one for one in config["components"] if one["type"] != "api" or one["id"] in ends]
    gone = {one["id"] for one in config["components"]} - {one["id"] for one in kept}
    wired = {event["id"] for event in events}

    def tree(node: dict[str, Any]) -> dict[str, Any]:
        inside = [tree(child) for child in node.get("children", ()) if child["id"] not in gone]
        return {**node, "children": inside} if "children" in node else node

    def page(one: dict[str, Any]) -> dict[str, Any]:
        return {
            **one,
            "layout": tree(one["layout"]),
            "components": [number for number in one["components"] if number not in gone],
            "dependencies": [number for number in one["dependencies"] if number in wired],
        }

    pages = {name: page(one) for name, one in config["page"].items()}
    layout = tree(config["layout"])
    return {**config, "dependencies": events, "components": kept, "layout": layout, "page": pages}


def _in_a_script(value: dict[str, Any]) -> str:
    """JSON that ends no script and begins no comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
