#!/usr/bin/env python3
"""layers.py [--check]

Draws plugin/layers.svg from the layer table of the build: the calls of veth_layer() and veth_executable() in the
CMakeLists.txt files. An arrow leads from a layer to a layer that it may use. Indirect uses have no arrow of their own: with
a -> b and b -> c, a may also use c. With --check nothing is written; the exit status is 1 where the committed
picture differs from the table, or where plugin/README.md has no row for a layer.
"""
import pathlib
import re
import sys
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURE = ROOT / "plugin/layers.svg"
DOCUMENT = ROOT / "plugin/README.md"
TABLES = ("plugin/CMakeLists.txt", "ipam/CMakeLists.txt")
KEYWORDS = {"FAST", "USES", "LINKS"}
BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW, MARGIN = 172, 44, 188, 92, 24
STYLE = {"layer": ("#e3f2f4", "#1f7a8c"), "executable": ("#fdf0e3", "#d98e4a")}
TEXT, ARROW = "#1f2933", "#7b8794"


def calls(text, function):
    """The words of each call of a CMake function, without comments."""
    text = re.sub(r"#.*", "", text)
    return [words.split() for words in re.findall(rf"^\s*{function}\s*\(([^)]*)\)", text, re.MULTILINE)]


def arguments(words, keyword):
    """The words after a keyword, up to the next keyword."""
    if keyword not in words:
        return []
    rest = words[words.index(keyword) + 1:]
    end = next((number for number, word in enumerate(rest) if word in KEYWORDS), len(rest))
    return rest[:end]


def read_table():
    """Name -> {kind, label, note, uses} of each layer and executable."""
    table = {}
    for path in TABLES:
        text = (ROOT / path).read_text()
        for name, folder, *rest in calls(text, "veth_layer"):
            table[name] = {"kind": "layer", "label": folder, "note": " ".join(arguments(rest, "LINKS")),
                           "uses": arguments(rest, "USES")}
        for name, _, *uses in calls(text, "veth_executable"):
            table[f"executable {name}"] = {"kind": "executable", "label": name, "note": "", "uses": uses}
    for name, entry in table.items():
        unknown = [used for used in entry["uses"] if used not in table]
        if unknown:
            sys.exit(f"layers.py: {name} uses {', '.join(unknown)}, which no table declares")
    return table


def reachable(table, name):
    found = set()
    for used in table[name]["uses"]:
        found |= {used} | reachable(table, used)
    return found


def direct_uses(table, name):
    """The uses that are not indirect."""
    uses = table[name]["uses"]
    return [used for used in uses if not any(used in reachable(table, other) for other in uses)]


def ranks(table):
    """The row of each name, counted from the bottom: one above the highest row of the names that it uses."""
    def height(name):
        return max((height(used) + 1 for used in table[name]["uses"]), default=0)

    return {name: height(name) for name in table}


def make_rows(table):
    """Rows of nodes from the bottom up, and the pairs of neighbouring nodes that arrows connect. An arrow over several
    rows gets an own node in each row between: ("executable veth", "cni", 3)."""
    row_of = ranks(table)
    rows = [[name for name in table if row_of[name] == row] for row in range(max(row_of.values()) + 1)]
    pairs = []
    for name in table:
        for used in direct_uses(table, name):
            between = [(name, used, row) for row in range(row_of[name] - 1, row_of[used], -1)]
            for node in between:
                rows[node[2]].append(node)
            chain = [name, *between, used]
            pairs += list(zip(chain, chain[1:]))
    return rows, pairs


def sort_rows(rows, pairs):
    """Moves each node near the middle of its neighbours in the adjacent rows, so that few arrows cross."""
    for _ in range(12):
        for row in range(len(rows)):
            place = {node: number - len(nodes) / 2 for nodes in rows for number, node in enumerate(nodes)}

            def middle(node):
                near = [place[b if a == node else a] for a, b in pairs if node in (a, b)]
                return sum(near) / len(near) if near else 0

            rows[row].sort(key=middle)


def places(rows):
    """The middle of each node in the picture."""
    widest = max(len(nodes) for nodes in rows)
    return {node: (MARGIN + COLUMN * (number + 0.5 + (widest - len(nodes)) / 2),
                   MARGIN + BOX_HEIGHT / 2 + ROW * (len(rows) - 1 - row))
            for row, nodes in enumerate(rows) for number, node in enumerate(nodes)}


def draw_box(x, y, entry):
    fill, stroke = STYLE[entry["kind"]]
    note = f'<tspan font-size="10" x="{x:.0f}" dy="14">{escape(entry["note"])}</tspan>' if entry["note"] else ""
    return (f'<rect x="{x - BOX_WIDTH / 2:.0f}" y="{y - BOX_HEIGHT / 2:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
            f'rx="5" fill="{fill}" stroke="{stroke}"/>'
            f'<text x="{x:.0f}" y="{y - 2 if note else y + 5:.0f}" text-anchor="middle" fill="{TEXT}">'
            f'{escape(entry["label"])}{note}</text>')


def draw_arrow(start, end, is_box):
    (x1, y1), (x2, y2) = start, end
    y1 += BOX_HEIGHT / 2 if is_box[0] else 0
    y2 -= BOX_HEIGHT / 2 + 2 if is_box[1] else 0
    bend = (y2 - y1) / 2
    head = ' marker-end="url(#head)"' if is_box[1] else ""
    return (f'<path d="M{x1:.0f},{y1:.0f} C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f} {x2:.0f},{y2:.0f}" '
            f'fill="none" stroke="{ARROW}"{head}/>')


def draw(table):
    rows, pairs = make_rows(table)
    sort_rows(rows, pairs)
    place = places(rows)
    width = 2 * MARGIN + COLUMN * max(len(nodes) for nodes in rows)
    height = 2 * MARGIN + BOX_HEIGHT + ROW * (len(rows) - 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12" role="img">',
             "<title>The layers of veth-cni: an arrow leads to a layer that may be used</title>",
             f'<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
             f'<path d="M0,0 L8,4 L0,8 Z" fill="{ARROW}"/></marker></defs>',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    parts += [draw_arrow(place[a], place[b], (a in table, b in table)) for a, b in pairs]
    parts += [draw_box(*place[name], table[name]) for name in table]
    return "\n".join(parts) + "\n</svg>\n"


def check(table):
    if not PICTURE.exists() or PICTURE.read_text() != draw(table):
        sys.exit("plugin/layers.svg differs from the layers of the build. Run plugin/layers.py")
    rows = DOCUMENT.read_text()
    missing = [entry["label"] for entry in table.values()
               if entry["kind"] == "layer" and f"\n| `{entry['label']}` |" not in rows]
    if missing:
        sys.exit(f"plugin/README.md, \"Layers\", has no row for {', '.join(missing)}")


def main():
    table = read_table()
    if sys.argv[1:] == ["--check"]:
        check(table)
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PICTURE.write_text(draw(table))


if __name__ == "__main__":
    main()
