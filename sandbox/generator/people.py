"""Persons and the households they live in. No histories here: only who exists, since when, where, with whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sandbox.generator import names, numbers
from sandbox.generator.chance import Chance
from sandbox.generator.places import COMMUNITIES, OTHER_PROVINCES, ROADS, Places, Street

RELATION_AGES = {"10": (-5, 5), "20": (20, 32), "30": (20, 32), "51": (-32, -21), "52": (-32, -20), "70": (-8, 8), "40": (45, 60)}


@dataclass(slots=True)
class Person:
    """Somebody who does not exist. `number` is the true identity; `id_type_code` 999 has no `id_number`."""

    number: int
    surname: str
    name: str
    sex_code: str
    birth_date: date
    ethnicity_code: str
    id_type_code: str
    id_number: str | None
    hukou_region: str
    hukou_address: str
    region: str
    address: str
    phone: str
    former_names: tuple[str, ...] = ()
    earlier_id: str | None = None
    second_id: str | None = None
    twin_of: int | None = None
    died_on: date | None = None
    registration_number: str | None = None

    def age_on(self, day: date) -> int:
        """Full years on that day."""
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


@dataclass(slots=True)
class Household:
    """People of one household book: the head first. `relations` say what each is to the head (GB/T 4761, first level)."""

    number: int
    register_number: str
    street: Street
    members: list[Person]
    relations: list[str]
    has_registered_person: bool = False


@dataclass
class Population:
    """Everybody of the province. `registered` are the persons in the police register, each also a household member."""

    persons: list[Person] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    registered: list[Person] = field(default_factory=list)
    household_of: dict[int, Household] = field(default_factory=dict)


class Settlement:
    """Settles people in a province: each call adds a household to the population."""

    def __init__(self, chance: Chance, places: Places, as_of: date) -> None:
        self._chance, self._places, self._as_of = chance, places, as_of
        self._office = numbers.NumberOffice(chance)
        self._weights = {county.code: county.share for county in places.counties}
        self._streets: dict[str, list[Street]] = {}
        for street in places.streets:
            self._streets.setdefault(street.county.code, []).append(street)
        self._counties = {county.code: county for county in places.counties}
        self.population = Population()

    def settle(self, *, registered: bool) -> Household:
        """A new household; with `registered`, its first or a grown-up member is in the police register."""
        chance = self._chance
        street = chance.choice(self._streets[chance.weighted(self._weights)])
        if registered:
            birth = chance.day_between(date(self._as_of.year - 62, 1, 1), date(self._as_of.year - 19, 6, 1))
        else:
            birth = chance.day_between(date(self._as_of.year - 84, 1, 1), date(self._as_of.year - 23, 12, 28))
        sex = "1" if chance.happens(0.84 if registered else 0.55) else "2"
        head = self._person(street, birth, sex)
        household = Household(
            len(self.population.households), f"{chance.randrange(10**8):09d}", street, [head], ["01"], has_registered_person=registered
        )
        self._family(household)
        self._enter(household, registered)
        return household

    def _enter(self, household: Household, registered: bool) -> None:
        population = self.population
        population.households.append(household)
        for member in household.members:
            population.household_of[member.number] = household
        if registered:
            head = household.members[0]
            head.registration_number = f"R{household.street.county.code}{len(population.registered) + 1:07d}"
            population.registered.append(head)

    def _family(self, household: Household) -> None:
        chance, head = self._chance, household.members[0]
        age = head.age_on(self._as_of)
        if age >= 23 and chance.happens(0.5):
            self._relative(household, "10", "2" if head.sex_code == "1" else "1")
        if age >= 24:
            self._children(household, chance.choices((0, 1, 2, 3), (40, 38, 18, 4))[0])
        if age < 58 and chance.happens(0.25):
            self._relative(household, "52", "2")
        if age < 58 and chance.happens(0.17):
            self._relative(household, "51", "1")
        if age < 40 and chance.happens(0.08):
            self._relative(household, "70", chance.choice("12"))

    def _children(self, household: Household, count: int) -> None:
        born: list[date] = []
        for _ in range(count):
            sex = self._chance.choice("12")
            child = self._relative(household, "20" if sex == "1" else "30", sex)
            if child and child.birth_date not in born and self._chance.happens(0.04):
                self._twin(household, child)
            born += [child.birth_date] if child else []

    def _relative(self, household: Household, relation: str, sex: str) -> Person | None:
        head = household.members[0]
        least, most = RELATION_AGES[relation]
        year = head.birth_date.year + self._chance.randint(least, most)
        birth = date(year, self._chance.randint(1, 12), self._chance.randint(1, 28))
        if birth > self._as_of - timedelta(days=60) or year < self._as_of.year - 98:
            return None
        family = head.surname if relation in {"20", "30", "51", "70"} else None
        relative = self._person(household.street, birth, sex, near=head, family=family or None)
        if self._chance.happens(0.35):
            relative.phone = head.phone
        household.members.append(relative)
        household.relations.append(relation)
        return relative

    def _twin(self, household: Household, child: Person) -> None:
        """Gives the child a twin with the neighbouring number and a name of its own."""
        first, second = self._office.neighbours(household.street.county.code, child.birth_date, child.sex_code)
        child.id_type_code, child.id_number = "111", first
        twin = self._person(household.street, child.birth_date, child.sex_code, near=household.members[0], family=child.surname or None)
        twin.id_type_code, twin.id_number, twin.earlier_id, twin.twin_of = "111", second, None, child.number
        child.earlier_id = None
        household.members.append(twin)
        household.relations.append("20" if child.sex_code == "1" else "30")

    def _person(self, street: Street, birth: date, sex: str, near: Person | None = None, family: str | None = None) -> Person:
        chance = self._chance
        ethnicity = near.ethnicity_code if near and family else chance.weighted(names.ETHNICITIES)
        mine, name = names.full_name(chance, ethnicity, birth, sex, family)
        region = near.region if near else chance.choice(street.communities)
        address = near.address if near else self._address(street)
        home = near.hukou_region if near and chance.happens(0.9) else self._hukou(region)
        at_home = home == region
        hukou_address = near.hukou_address if near and home == near.hukou_region else address if at_home else self._hukou_address(home)
        person = Person(
            len(self.population.persons), mine, name, sex, birth, ethnicity, "111", None, home, hukou_address, region, address,
            numbers.phone(chance),
        )  # fmt: skip
        self._document(person)
        self.population.persons.append(person)
        return person

    def _document(self, person: Person) -> None:
        """Number and kind of document: nearly always the card; some hold a passport or permit, some nothing."""
        chance = self._chance
        kind = chance.weighted({"111": 982, "999": 11, "414": 4, "511": 3})
        person.id_type_code = kind
        if kind == "414":
            person.id_number, person.name, person.surname = numbers.passport(chance), chance.choice(names.stocks()["foreign"]), ""
            person.ethnicity_code = "98"
        elif kind == "511":
            person.id_number = numbers.permit(chance)
        elif kind == "111":
            person.id_number = self._office.citizen_number(self._birth_region(person), person.birth_date, person.sex_code)
            if chance.happens(0.012):
                person.earlier_id = self._office.citizen_number(self._birth_region(person), person.birth_date, person.sex_code)
            elif chance.happens(0.004):
                person.second_id = self._office.citizen_number(self._birth_region(person), person.birth_date, person.sex_code)
        if chance.happens(0.03):
            person.former_names = (names.full_name(chance, "01", person.birth_date, person.sex_code, person.surname or None)[1],)

    def _birth_region(self, person: Person) -> str:
        """The county code in the number: the code of the time of birth, now and then of another county."""
        if not person.hukou_region.startswith("14"):
            return person.hukou_region[:6]
        county = self._counties.get(person.hukou_region[:6]) or self._places.counties[0]
        if self._chance.happens(0.12):
            county = self._chance.choice(self._places.counties)
        return county.earlier_code if county.earlier_code and person.birth_date.year < 1998 else county.code

    def _hukou(self, region: str) -> str:
        if self._chance.happens(0.82):
            return region
        if self._chance.happens(0.35):
            return self._chance.choice(OTHER_PROVINCES)
        return self._chance.choice(self._chance.choice(self._places.streets).communities)

    def _address(self, street: Street) -> str:
        chance, county = self._chance, street.county
        community = chance.choice(COMMUNITIES)
        return (
            f"{county.city}{county.name}{street.name}{community}社区{chance.choice(ROADS)}{chance.randint(1, 199)}号"
            f"{chance.randint(1, 30)}号楼{chance.randint(1, 6)}单元{chance.randint(1, 18)}{chance.randint(1, 4):02d}室"
        )

    def _hukou_address(self, region: str) -> str:
        return self._address(self._places.street(region)) if region[:9] in self._places.street_of else "外省户籍地址"
