"""The chains of the insurance side that go into the bundle of a case, for each reader those that he may see."""

from collections.abc import Iterator
from dataclasses import dataclass

from cases.bundle.beside import Beside
from cases.bundle.reader import OPEN_TO_ALL
from cases.models import Case
from insurance.claims.seeing import INNER, Level
from insurance.portals import reach
from responsibility import directory
from responsibility.acting import Actor
from responsibility.models import LedgerEntry

# What of a policy's own story belongs to each case that it covers. The rest, premium and the account of prevention and
# what it says of other cases, is bound in by its digests only.
OF_A_POLICY = frozenset({"policy.register", "policy.endorse", "policy.renew", "policy.cancel", "policy.confirm"})


@dataclass(frozen=True)
class Glance:
    """``inside``: names and words are opened too; ``words``: those, but no names. ``case``: what entries may name."""

    kind: str
    case: str
    inside: bool
    words: bool = False
    inner: bool = True

    def shows(self, entry: LedgerEntry) -> bool:
        """Whether more of ``entry`` is shown than its digest."""
        if self.kind == "policy":
            about = entry.after.get("case") or entry.before.get("case")
            return about == self.case or about is None and entry.verb in OF_A_POLICY
        return self.inner or entry.verb not in INNER

    def opens(self, part: str) -> bool:
        """Whether the sealed ``part`` of a shown entry is opened."""
        return self.inside or part in OPEN_TO_ALL or self.words and part != "actor"


def beside(case: Case, actor: Actor) -> Iterator[Beside]:
    """Policies that cover ``case``, orders, findings and claims of it. A broker, who is told states, gets no claim."""
    found = reach.of(actor, case, directory.current())
    if found is None:
        return
    glance = Glance("", case.number, found.inside)
    for cover in found.covers:
        yield _of("policy", cover.policy, Glance("policy", case.number, found.inside))
    for order in found.orders:
        yield _of("order", order, glance)
    for finding in found.findings:
        yield _of("finding", finding, glance)
    for claim, level in found.claims:
        if level > Level.STATE:
            yield _of("claim", claim, Glance("claim", case.number, found.inside, True, level == Level.WHOLE))


def _of(kind: str, thing, glance: Glance) -> Beside:
    return Beside(kind, thing.number, thing.chain, glance)
