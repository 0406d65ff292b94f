"""The models of policies."""

from insurance.policies.models.cover import Cover, CoverQuerySet, Judgement
from insurance.policies.models.policy import (
    TAIL_DAYS,
    Covered,
    Endorsement,
    Line,
    Policy,
    PolicyQuerySet,
    Premium,
    Share,
    Standing,
    later,
    named,
)

__all__ = [
    "TAIL_DAYS", "Cover", "CoverQuerySet", "Covered", "Endorsement", "Judgement", "Line", "Policy", "PolicyQuerySet",
    "Premium", "Share", "Standing", "later", "named",
]  # fmt: skip
