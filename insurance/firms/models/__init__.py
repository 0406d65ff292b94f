"""第三方机构: which firms there are, what they may do, what was complained of, and what became of them."""

from insurance.firms.models.complaint import Complaint
from insurance.firms.models.measure import AFTER_NOTICE, AT_ONCE, STOPPING, Kind, Measure, Reason
from insurance.firms.models.register import Firm, Inspector, Item, Licence, Standing

__all__ = [
    "AFTER_NOTICE", "AT_ONCE", "STOPPING", "Complaint", "Firm", "Inspector", "Item", "Kind", "Licence", "Measure",
    "Reason", "Standing",
]  # fmt: skip
