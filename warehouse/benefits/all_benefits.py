"""Every benefit of one situation, each with its own subjects."""

from __future__ import annotations

import numpy as np

from warehouse.benefits.dibao import dibao
from warehouse.benefits.dibao_marginal import dibao_marginal
from warehouse.benefits.employment_assistance import employment_assistance
from warehouse.benefits.finding import Findings
from warehouse.benefits.orphan_like_child_allowance_review import orphan_like_child_allowance_review
from warehouse.benefits.public_housing import public_housing
from warehouse.benefits.rigid_expenditure import rigid_expenditure
from warehouse.benefits.single_person_dibao import single_person_dibao
from warehouse.benefits.situation import Situation
from warehouse.benefits.tekun import tekun
from warehouse.benefits.temporary_assistance import temporary_assistance


def findings_of(situation: Situation) -> tuple[Findings, ...]:
    """Every benefit's findings for all its subjects among the facts; a pure function of (facts, parameters, day)."""
    of_households, marginal = dibao(situation), dibao_marginal(situation)
    rigid = rigid_expenditure(situation, of_households, marginal)
    looked_at = np.flatnonzero(situation.households.is_looked_at)
    household_wide = [found.take(looked_at) for found in (of_households, marginal, rigid) if found is not None]
    return (
        *household_wide,
        single_person_dibao(situation, marginal),
        tekun(situation),
        orphan_like_child_allowance_review(situation),
        temporary_assistance(situation),
        public_housing(situation),
        employment_assistance(situation),
    )
