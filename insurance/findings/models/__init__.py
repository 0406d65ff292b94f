"""What was found, and what the risk unit keeps of itself."""

from insurance.findings.models.finding import Finding, FindingState, FoundBy, Proof, Recheck, Severity
from insurance.findings.models.selfcontrol import (
    Certificate,
    CheckPhoto,
    DutyAnswer,
    InCharge,
    Period,
    Register,
    SelfCheck,
    Stance,
)

__all__ = [
    "Certificate", "CheckPhoto", "DutyAnswer", "Finding", "FindingState", "FoundBy", "InCharge", "Period", "Proof",
    "Recheck", "Register", "SelfCheck", "Severity", "Stance",
]  # fmt: skip
