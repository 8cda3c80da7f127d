"""Where things happen: counties, streets, communities and the organisations that serve them, each with its years of use."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from sandbox.generator.chance import Chance

DATA = Path(__file__).parent / "data"
STREET_NAMES = tuple("迎晖 槐荫 汾滨 龙泉 望岳 清河 柳溪 永宁 长风 丰泽 松岭 北坛 东关 西堡 石桥 双塔".split())  # noqa: SIM905
ROADS = ["解放路", "建设街", "滨河路", "学府街", "兴华街", "新建路", "文源巷", "桃李街", "晋阳路", "和平路", "朝阳街", "站前路"]
COMMUNITIES = ["安和", "春晓", "锦绣", "康乐", "向阳", "翠微", "同心", "望景"]
OTHER_PROVINCES = ("130102", "410105", "610113", "150102", "370102", "510104", "320106", "411082", "130406", "610502")
OPENED = date(2018, 6, 1)


@dataclass(frozen=True, slots=True)
class County:
    """A county: GB/T 2260 code, the code it had before (or ""), names of city and county, weight of its population."""

    code: str
    city: str
    name: str
    earlier_code: str
    share: float


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation in one period of validity, as the directory lists it."""

    code: str
    name: str
    type_code: str
    region_code: str
    parent_code: str | None = None
    served: tuple[str, ...] = ()
    period: int = 1
    valid_from: date = OPENED
    valid_to: date | None = None


@dataclass(slots=True)
class Street:
    """A street with its communities and the offices on it."""

    code: str
    name: str
    county: County
    communities: tuple[str, ...]
    police_code: str
    station_code: str


@dataclass
class Places:
    """All places of a province. `street_of`: street by the 9 digits its community codes begin with."""

    counties: list[County]
    streets: list[Street]
    centres: list[Organisation]
    organisations: list[Organisation]
    shops: dict[str, str]
    street_of: dict[str, Street] = field(default_factory=dict)

    def street(self, region_code: str) -> Street:
        """The street of a 9 or 12 digit region code of the province."""
        return self.street_of[region_code[:9]]

    def station_for(self, region_code: str, day: date) -> str | None:
        """The station whose served code is the longest prefix of `region_code` on that day; ties by type, then code."""
        found = [
            (-len(item), org.type_code, org.code) for org in self._stations_on(day) for item in org.served if region_code.startswith(item)
        ]
        return min(found)[2] if found else None

    def station_of_street(self, street_code: str, day: date) -> str | None:
        """The smallest code among the stations whose parent is that street on that day."""
        codes = [org.code for org in self._stations_on(day) if org.parent_code == street_code]
        return min(codes, default=None)

    def _stations_on(self, day: date) -> Iterable[Organisation]:
        for org in self.organisations:
            if org.type_code in {"21", "22", "23"} and org.valid_from <= day and (org.valid_to is None or org.valid_to >= day):
                yield org


def build_places(chance: Chance, persons: int) -> Places:
    """Places in proportion to the number of registered persons: 3 to 24 counties of 3 to 8 streets."""
    counties = _counties()[: max(3, min(24, round(persons / 150)))]
    streets_per_county = max(3, min(8, 3 + persons // 5000))
    streets, organisations, shops = [], _centres(counties), {}
    centres = list(organisations)
    for county in counties:
        mine = [_street(chance, county, number) for number in range(1, streets_per_county + 1)]
        streets += mine
        organisations += _county_offices(county)
        for number, street in enumerate(mine):
            organisations += _street_offices(chance, street, number)
        shop = Organisation(f"{county.code}S001", f"{county.name}惠民便利店", "61", mine[0].code)
        organisations.append(shop)
        shops[county.code] = shop.code
    organisations += _peculiar_stations(streets)
    return Places(counties, streets, centres, organisations, shops, {s.code[:9]: s for s in streets})


def bureau_of(registration_number: str) -> str:
    """The police bureau that keeps a registration number."""
    return f"{registration_number[1:7]}440000"


@lru_cache(maxsize=1)
def earlier_codes() -> dict[str, str]:
    """Present county code to the code of former times, where it had one."""
    return {county.code: county.earlier_code for county in _counties() if county.earlier_code}


def _counties() -> list[County]:
    with (DATA / "counties.csv").open(encoding="utf-8", newline="") as lines:
        return [County(r["code"], r["city"], r["county"], r["earlier_code"], float(r["share"])) for r in csv.DictReader(lines)]


def _centres(counties: list[County]) -> list[Organisation]:
    first, last = counties[0].code, counties[-1].code
    return [
        Organisation(f"{first[:4]}00Q001", "晋汾强制隔离戒毒所", "12", first),
        Organisation(f"{first[:4]}00G001", "晋汾公安强制隔离戒毒所", "11", first),
        Organisation(f"{last[:4]}00Q002", "晋岳强制隔离戒毒所", "12", last),
    ]


def _street(chance: Chance, county: County, number: int) -> Street:
    code = f"{county.code}{number:03d}"
    name = STREET_NAMES[chance.randrange(len(STREET_NAMES))] + ("镇" if county.name.endswith("县") and number > 1 else "街道")
    communities = tuple(f"{code}{n:03d}" for n in range(1, 5))
    return Street(f"{code}000", name, county, communities, f"{county.code}{50 + number}0000", f"{county.code}Z{number:03d}")


def _county_offices(county: County) -> list[Organisation]:
    code, name = county.code, county.name
    return [
        Organisation(f"{code}440000", f"{name}公安分局", "31", code),
        Organisation(f"{code}M001", f"{name}社会救助服务中心", "51", code),
        Organisation(f"{code}E001", f"{name}就业服务中心", "52", code),
        Organisation(f"{code}H001", f"{name}住房保障中心", "53", code),
    ]


def _street_offices(chance: Chance, street: Street, number: int) -> list[Organisation]:
    name = f"{street.county.name}{street.name}"
    offices = [
        Organisation(street.code, f"{name}办事处", "41", street.code, None, street.communities),
        Organisation(street.police_code, f"{name}派出所", "32", street.code, f"{street.county.code}440000", street.communities),
    ]
    station = Organisation(street.station_code, f"{name}指导站", "21" if number % 2 else "22", street.code, street.code, street.communities)
    if chance.happens(0.1):
        moved = date(2025, 3, 31)
        offices.append(_renewed(station, f"{name}原指导站", OPENED, moved, 1))
        offices.append(_renewed(station, station.name, date(2025, 4, 1), None, 2))
    else:
        offices.append(station)
    return offices


def _renewed(org: Organisation, name: str, valid_from: date, valid_to: date | None, period: int) -> Organisation:
    return Organisation(org.code, name, org.type_code, org.region_code, org.parent_code, org.served, period, valid_from, valid_to)


def _peculiar_stations(streets: list[Street]) -> list[Organisation]:
    """A closed station, and in every fifth street a second one that claims the last community too."""
    first = streets[0]
    peculiar = [
        Organisation(
            f"{first.county.code}Z099", "原工作站", "22", first.code, first.code, first.communities[:1], 1, OPENED, date(2024, 12, 31)
        )
    ]
    for street in streets[4::5]:
        code = street.station_code.replace("Z0", "Z1")
        peculiar.append(Organisation(code, f"{street.name}第二工作站", "22", street.code, street.code, street.communities[-1:]))
    return peculiar
