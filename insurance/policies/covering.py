"""Which policies cover a case: asked by query, long after the case was opened if need be, and never in its way.

No case is locked here and nothing is written on its chain. A policy that changes and the sweep that judges keep out of
each other's way by one lock of ours (``guard``), so that neither misses what the other has not committed yet.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import pgbulk
from django.conf import settings
from django.db import connection, transaction

from cases.models import Case
from cases.models.machine import ENDED
from insurance.policies import telling
from insurance.policies.models import Cover, Judgement, Policy
from responsibility import acting, clock, ledger

LIMIT = 500
# By case and policy (ids), until when those who carry the policy see the case; ``None``: not confirmed.
Found = dict[tuple[int, int], datetime | None]
# The numbers are only ours: one sweep at a time; and sweeps apart from changes of policies.
ALONE = "SELECT pg_try_advisory_xact_lock(7340)"
GUARD, SHARED = "SELECT pg_advisory_xact_lock(7341)", "SELECT pg_advisory_xact_lock_shared(7341)"
# Cases are numbered before they are committed: so far behind the newest judged one, a new one may still turn up.
LAG = 10_000
# New cases; those judged before that are no longer settled and have a place by now; those that stand elsewhere than
# when they were judged, asked of open ones and once more at the end, so that none is passed by. Drills are not insured.
WORK = """
    SELECT id FROM (
        (SELECT c.id FROM cases_case c
         WHERE c.id > (SELECT coalesce(max(case_id), 0) - %(lag)s FROM policies_judgement) AND c.drill_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM policies_judgement j WHERE j.case_id = c.id)
         ORDER BY c.id LIMIT %(limit)s)
        UNION
        (SELECT c.id FROM policies_judgement j JOIN cases_case c ON c.id = j.case_id
         WHERE NOT j.settled AND (c.territory_id IS NOT NULL OR c.risk_object_id IS NOT NULL)
         ORDER BY j.id LIMIT %(limit)s)
        UNION
        (SELECT c.id FROM policies_judgement j JOIN cases_case c ON c.id = j.case_id
         WHERE NOT j.ended AND (c.state IN ('closed', 'void') OR j.territory_id IS DISTINCT FROM c.territory_id
            OR j.risk_object_id IS DISTINCT FROM c.risk_object_id)
         ORDER BY j.id LIMIT %(limit)s)
        UNION
        (SELECT c.id FROM cases_case c JOIN policies_judgement j ON j.case_id = c.id
         WHERE c.state NOT IN ('closed', 'void') AND j.ended
         ORDER BY c.id LIMIT %(limit)s)
    ) work ORDER BY id LIMIT %(limit)s
"""
# The instant of a case: that of its earliest alert that raised it. Work by hand has none.
ASKED = """
    SELECT c.id, c.number, c.grade, c.state IN ('closed', 'void'), c.territory_id, c.risk_object_id,
        coalesce((SELECT min(a.observed_at) FROM alerts_alert a
                  WHERE a.chain = c.chain AND a.outcome IN ('opened', 'joined', 'triage')), c.opened_at)
    FROM cases_case c WHERE c.id = ANY(%(ids)s) ORDER BY c.id
"""
# Of each case (``id``, ``at``) the policies in force then for its object, its place, or all objects of its main body;
# and until when those who carry one see it: as long as the insured has confirmed, if it confirmed what covers the case
# and that is its own yet. Whoever took an object over since has confirmed nothing.
COVERING = """
    WITH asked AS (
        SELECT a.id, a.at, c.risk_object_id, c.territory_id FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[])
            AS a (id, at) JOIN cases_case c ON c.id = a.id
    ), found AS (
        SELECT a.id, a.at, d.policy_id,
            d.confirmed_at IS NOT NULL AND p.insured_id IN (o.main_body_id, t.unit_id) AS agreed
        FROM asked a JOIN policies_covered d
            ON d.risk_object_id = a.risk_object_id AND d.since <= a.at AND a.at < d.until
        JOIN policies_policy p ON p.id = d.policy_id JOIN alerts_riskobject o ON o.id = d.risk_object_id
        LEFT JOIN responsibility_territory t ON t.id = o.territory_id
        UNION ALL SELECT a.id, a.at, d.policy_id, d.confirmed_at IS NOT NULL AND p.insured_id = t.unit_id
        FROM asked a JOIN policies_covered d
            ON d.territory_id = a.territory_id AND d.since <= a.at AND a.at < d.until
        JOIN policies_policy p ON p.id = d.policy_id JOIN responsibility_territory t ON t.id = d.territory_id
        UNION ALL SELECT a.id, a.at, p.id, true FROM asked a JOIN alerts_riskobject o ON o.id = a.risk_object_id
            JOIN policies_policy p ON p.insured_id = o.main_body_id AND p.whole
    )
    SELECT f.id, f.at, p.id, CASE WHEN bool_or(f.agreed) AND f.at < p.confirmed_until
        THEN least(p.confirmed_until, p.ends_at, p.cancelled_at)
            + least(p.tail_days, p.confirmed_tail) * interval '24 hours' END
    FROM found f JOIN policies_policy p ON p.id = f.policy_id
    WHERE p.starts_at <= f.at AND f.at < p.ends_at AND (p.cancelled_at IS NULL OR f.at < p.cancelled_at)
    GROUP BY f.id, f.at, p.id
"""
# Judged cases that these policies may concern as they stand now, and those that they were found to cover before. Taken
# in one order, because other changes go on beside this one.
DOUBT = """
    WITH ours AS (SELECT * FROM policies_policy WHERE id = ANY(%(ids)s)), due AS (
        SELECT j.id FROM policies_judgement j WHERE j.settled AND j.case_id IN (
        SELECT v.case_id FROM policies_cover v WHERE v.policy_id = ANY(%(ids)s)
        UNION SELECT c.id FROM ours p JOIN policies_covered d ON d.policy_id = p.id
            JOIN cases_case c ON c.risk_object_id = d.risk_object_id
            JOIN policies_judgement k ON k.case_id = c.id AND k.at >= p.starts_at AND k.at < p.ends_at
        UNION SELECT c.id FROM ours p JOIN policies_covered d ON d.policy_id = p.id
            JOIN cases_case c ON c.territory_id = d.territory_id
            JOIN policies_judgement k ON k.case_id = c.id AND k.at >= p.starts_at AND k.at < p.ends_at
        UNION SELECT c.id FROM ours p JOIN alerts_riskobject o ON p.whole AND o.main_body_id = p.insured_id
            JOIN cases_case c ON c.risk_object_id = o.id
            JOIN policies_judgement k ON k.case_id = c.id AND k.at >= p.starts_at AND k.at < p.ends_at
        ) ORDER BY j.id FOR UPDATE
    )
    UPDATE policies_judgement j SET settled = false FROM due WHERE j.id = due.id
"""


@dataclass(frozen=True)
class Asked:
    """A case that is judged, as it stood when it was read; ``at`` is the instant that counts."""

    pk: int
    number: str
    grade: str
    ended: bool
    territory_id: int | None
    risk_object_id: int | None
    at: datetime

    @property
    def has_place(self) -> bool:
        return self.territory_id is not None or self.risk_object_id is not None

    def judged(self, now: datetime) -> Judgement:
        """That it was judged as it stood here, which may be older than what was compared with the policies."""
        return Judgement(
            case_id=self.pk, at=self.at, judged_at=now, settled=self.has_place, ended=self.ended,
            territory_id=self.territory_id, risk_object_id=self.risk_object_id,
        )  # fmt: skip


def guard() -> None:
    """Keep sweeps out until the present transaction ends: it is about to change policies. Other changes go on."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED)


def doubt(policies: Collection[int]) -> int:
    """Have the cases that ``policies`` (ids) may concern judged anew; how many. One statement, after the change."""
    with connection.cursor() as cursor:
        cursor.execute(DOUBT, {"ids": list(policies)})
        return cursor.rowcount


def alone() -> bool:
    """Whether this is the only sweep; held until the present transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        return bool(cursor.fetchone()[0])


@transaction.atomic
def judge(limit: int = LIMIT) -> int:
    """Judge the next cases, at most ``limit``, and write what covers them; how many. A fixed number of statements.

    Does nothing while another sweep is at work, or while the insurance side is switched off.
    """
    if not settings.INSURANCE or not alone():
        return 0
    with connection.cursor() as cursor:
        # In this order, and each in a statement of its own: what is read next has seen every change before it.
        cursor.execute(GUARD)
        cursor.execute(WORK, {"lag": LAG, "limit": limit})
        ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(ASKED, {"ids": ids})
        cases = {row[0]: Asked(*row) for row in cursor.fetchall()}
    covered = _covering([(case.pk, case.at) for case in cases.values()])
    found = {(case, policy): until for (case, _at, policy), until in covered.items()}
    now = clock.now()
    _write(cases, found, now)
    judged = [case.judged(now) for case in cases.values()]
    pgbulk.upsert(
        Judgement, judged, ["case"], ["at", "judged_at", "settled", "ended", "territory_id", "risk_object_id"]
    )
    return len(cases)


def _covering(asked: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime, int], datetime | None]:
    """What covers the cases of ``asked`` (id and instant), and until when it is shown. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(COVERING, {"ids": [pk for pk, _at in asked], "ats": [at for _pk, at in asked]})
        return {(case, at, policy): until for case, at, policy, until in cursor.fetchall()}


def _write(cases: dict[int, Asked], found: Found, now: datetime) -> None:
    """Bring the covers of ``cases`` to what was ``found``, told on the policies' chains."""
    standing = {(cover.case_id, cover.policy_id): cover for cover in Cover.objects.filter(case__in=cases)}
    lost = [cover for key, cover in standing.items() if key not in found]
    turned = [cover for key, cover in standing.items() if key in found and cover.shown_until != found[key]]
    fresh = sorted(found.keys() - standing.keys())
    policies = _locked({policy for _case, policy in fresh} | {cover.policy_id for cover in lost + turned})
    made = [_cover(cases[case], policies[policy], found[case, policy], now) for case, policy in fresh]
    if not made and not lost and not turned:
        return
    for cover in turned:
        cover.shown_until = found[cover.case_id, cover.policy_id]
        cover.told_grade, cover.told_ended = cases[cover.case_id].grade, cases[cover.case_id].ended
    events = {
        "cover.found": made, "cover.lost": lost,
        "cover.shown": [cover for cover in turned if cover.shown_until],
        "cover.hidden": [cover for cover in turned if not cover.shown_until],
    }  # fmt: skip
    Cover.objects.bulk_create(made)
    Cover.objects.filter(pk__in=[cover.pk for cover in lost]).delete()
    pgbulk.update(Cover, turned, ["shown_until", "told_grade", "told_ended"])
    number = {pk: case.number for pk, case in cases.items()}
    acts = [_act(verb, cover, policies, number[cover.case_id]) for verb, covers in events.items() for cover in covers]
    ledger.record(acts, by=acting.SYSTEM, at=now)
    for event in ("cover.found", "cover.lost", "cover.shown"):
        told = [(c, policies[c.policy_id], number[c.case_id], cases[c.case_id].grade) for c in events[event]]
        telling.of_covers(event, told, now)


def show(policies: Collection[int]) -> int:
    """Let those who carry or broker ``policies`` (ids) see of their covers what the insured has confirmed now, and no
    more; how many they see anew. Four statements; inside the act that has the entry, ``guard`` taken.

    What they come to see counts as told as it stands. What is covered no longer is left to the sweep, which tells it.
    """
    covers = list(Cover.objects.filter(policy__in=policies))
    found = _covering(list({(cover.case_id, cover.at) for cover in covers}))
    keys = {cover.pk: (cover.case_id, cover.at, cover.policy_id) for cover in covers}
    until = {cover.pk: found[keys[cover.pk]] for cover in covers if keys[cover.pk] in found}
    turned = [cover for cover in covers if cover.pk in until and cover.shown_until != until[cover.pk]]
    anew = [cover for cover in turned if cover.shown_until is None]
    cases = Case.objects.filter(pk__in={cover.case_id for cover in anew})
    stands = {pk: (grade, state in ENDED) for pk, grade, state in cases.values_list("pk", "grade", "state")}
    for cover in anew:
        cover.told_grade, cover.told_ended = stands[cover.case_id]
    for cover in turned:
        cover.shown_until = until[cover.pk]
    pgbulk.update(Cover, turned, ["shown_until", "told_grade", "told_ended"])
    return len(anew)


def _locked(ids: Collection[int]) -> dict[int, Policy]:
    """The policies ``ids``, locked in one order: others write on their chains as well."""
    if not ids:
        return {}
    return {
        policy.pk: policy for policy in Policy.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }


def _cover(case: Asked, policy: Policy, shown_until: datetime | None, now: datetime) -> Cover:
    return Cover(
        case_id=case.pk, policy=policy, at=case.at, until=policy.seen_until, shown_until=shown_until, found_at=now,
        told_grade=case.grade, told_ended=case.ended,
    )  # fmt: skip


def _act(verb: str, cover: Cover, policies: dict[int, Policy], number: str) -> ledger.Act:
    policy = policies[cover.policy_id]
    shown = cover.shown_until.isoformat() if cover.shown_until else None
    after = {"case": number, "at": cover.at.isoformat(), "until": cover.until.isoformat(), "shown_until": shown}
    return ledger.Act(policy.chain, verb, "policy", str(policy.pk), policy.number, after=after)


# Covers whose case is no longer as its insurers were told last, among those that they still see.
NEWS = """
    SELECT v.id, c.number, c.grade, c.state IN ('closed', 'void') FROM policies_cover v
        JOIN cases_case c ON c.id = v.case_id
    WHERE NOT v.told_ended AND (c.grade <> v.told_grade OR c.state IN ('closed', 'void')) AND v.shown_until > %(now)s
    UNION ALL
    SELECT v.id, c.number, c.grade, false FROM cases_case c JOIN policies_cover v ON v.case_id = c.id
    WHERE c.state NOT IN ('closed', 'void') AND v.told_ended AND v.shown_until > %(now)s
    ORDER BY 1 LIMIT %(limit)s
"""


@transaction.atomic
def follow(limit: int = LIMIT) -> int:
    """Tell insurers of covered cases that changed colour, ended or were reopened since; how many. As ``judge``."""
    now = clock.now()
    if not settings.INSURANCE or not alone():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(NEWS, {"now": now, "limit": limit})
        news = {pk: rest for pk, *rest in cursor.fetchall()}
    covers = list(Cover.objects.filter(pk__in=news))
    policies = _locked({cover.policy_id for cover in covers})
    acts, events = [], defaultdict(list)
    for cover in covers:
        number, grade, ended = news[cover.pk]
        event = "cover.ended" if ended else "cover.reopened" if cover.told_ended else "cover.regraded"
        acts.append(_news(event, cover, policies[cover.policy_id], number, grade))
        cover.told_grade, cover.told_ended = grade, ended
        events[event].append((cover, policies[cover.policy_id], number, grade))
    if covers:
        pgbulk.update(Cover, covers, ["told_grade", "told_ended"])
        ledger.record(acts, by=acting.SYSTEM, at=now)
    for event, told in events.items():
        telling.of_covers(event, told, now)
    return len(covers)


def _news(event: str, cover: Cover, policy: Policy, number: str, grade: str) -> ledger.Act:
    before, after = {"grade": cover.told_grade}, {"case": number, "grade": grade}
    return ledger.Act(policy.chain, event, "policy", str(policy.pk), policy.number, before=before, after=after)


def sweep(seconds: float = 4) -> int:
    """Judge until nothing is left or the time is up, then tell what became of covered cases; how many were judged."""
    started, judged = monotonic(), 0
    while True:
        done = judge()
        judged += done
        if done < LIMIT or monotonic() - started > seconds:
            break
    follow()
    return judged
