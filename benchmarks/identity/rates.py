"""How often what goes wrong, per agency: the assumptions of the crowd, in one table. None was observed at a real agency.

Shares of rows. Order of the agencies: civil affairs, human resources, medical care, education (as played by FEEDS).
"""

from __future__ import annotations

from datetime import date

AS_OF = date(2026, 11, 20)
AGENCIES = ("civil", "hrss", "med", "edu")
# Feeds of persons, none of families: there another name under a number goes to a steward, however sure a model is.
FEEDS = ("job_placements", "insurance_contributions", "job_seekers", "trainings")
COVERAGE = (0.45, 0.60, 0.85, 0.30)
DUPLICATES = 0.02  # an agency keeps one of its persons twice
MINORITY_HOUSEHOLDS = 0.035

# Of all rows of the agency. The first group excludes one another; so do the names, so do the dates.
RATES: dict[str, tuple[float, float, float, float]] = {
    "id_missing": (0.12, 0.08, 0.10, 0.25),
    "id_placeholder": (0.002, 0.001, 0.003, 0.006),
    "id_borrowed": (0.005, 0.002, 0.006, 0.004),
    "id_excel": (0.004, 0.002, 0.004, 0.012),  # the last digits are 000
    "id_sci": (0.001, 0.001, 0.002, 0.005),  # 1.40107E+17
    "id_typo": (0.009, 0.004, 0.010, 0.014),
    "id_swap": (0.002, 0.001, 0.003, 0.004),
    "id_15": (0.030, 0.012, 0.035, 0.006),
    "id_dirty": (0.030, 0.016, 0.036, 0.040),  # full width, blanks, a quote, a small x
    "name_homophone": (0.010, 0.005, 0.012, 0.014),
    "name_lookalike": (0.004, 0.003, 0.005, 0.006),
    "name_traditional": (0.003, 0.001, 0.004, 0.004),
    "name_space": (0.006, 0.003, 0.008, 0.010),
    "name_alias": (0.004, 0.001, 0.005, 0.004),
    "name_surname": (0.001, 0.0005, 0.001, 0.001),
    "name_reversed": (0.0005, 0.0005, 0.001, 0.001),
    "name_lost": (0.003, 0.001, 0.004, 0.005),
    "name_dot": (0.40, 0.25, 0.35, 0.45),  # of the names that have one
    "birth_missing": (0.012, 0.012, 0.022, 0.045),
    # Of the dates that are typed, not taken from the number.
    "birth_lunar": (0.035, 0.012, 0.035, 0.018),
    "birth_0101": (0.020, 0.008, 0.020, 0.012),
    "birth_swap": (0.006, 0.004, 0.010, 0.010),
    "birth_digit": (0.015, 0.008, 0.018, 0.020),
    "birth_year": (0.012, 0.006, 0.015, 0.012),
}
# Of all persons.
SECOND_NUMBER, DOUBLE_NUMBER, NAMESAKES = 0.0012, 0.0001, 0.001
# Not errors, so not doubled with them: how agencies fill their forms.
DERIVED_DATES = (0.70, 0.80, 0.60, 0.70)  # the date and the sex are taken from the number of the row
FOLLOWS_BORROWED = 0.75  # ... and from a borrowed number in most cases
PHONE_MISSING = (0.25, 0.15, 0.08, 0.15)
PHONE_OF_FAMILY = (0.15, 0.05, 0.10, 0.30)
PHONE_OF_CADRE = (0.06, 0.01, 0.02, 0.01)  # of rows from villages
ADDRESS_MISSING = (0.06, 0.25, 0.12, 0.15)
REGION_MISSING = 0.03
SEX_MISSING, SEX_WRONG = 0.02, 0.004
HOUSEHOLDS_WITH_SECOND_HOME, PERSONS_WITH_OWN_HOME, PERSONS_WITH_SECOND_PHONE = 0.15, 0.08, 0.15
USES_SECOND = 0.35

CLASSES = (*(name for name in RATES), "id_second", "id_double")
