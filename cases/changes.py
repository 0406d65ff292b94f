"""The one pen for cases: whatever is decided in memory is written here, in few statements, with its ledger entries.

A verb pressed by one person, a batch of a thousand alerts and a sweep of five hundred deadlines all fill in a
``Changes`` and call ``write``. The cases it touches are locked by whoever fills it in.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import localdate

from cases import attesting, board, ladder, notifying, rewriting
from cases.clockwork import OF_CASES, Clockwork
from cases.models import Case, Deadline, Party
from cases.models.clock import SEVERAL, What
from cases.models.work import Request, RequestState
from notices import outbox
from responsibility import acting, ledger
from responsibility.copying import copy, together
from responsibility.directory import Directory
from responsibility.models import Unit
from responsibility.worktime import YearNotLoaded


class Changes:
    """What is about to be written, gathered."""

    def __init__(self, known: Directory, now: datetime):
        self.known, self.now = known, now
        self.opened: dict[int, Case] = {}
        self.touched: dict[int, Case] = {}
        self.engaged: dict[int, set[int]] = defaultdict(set)
        # Chains that alerts without a case have already written on.
        self.old_chains: set = set()
        self.unanswered: list[int] = []
        self.resumed: list[int] = []
        # Cases by the kind of request that no longer makes sense, an empty text for every kind.
        self.overtaken: dict[str, list[int]] = defaultdict(list)
        # As rows of their tables: there are thousands in a batch, and nobody reads them before they are written.
        self.parties: list[dict] = []
        self.left: list[tuple[int, str, str]] = []
        self.deadlines: list[dict] = []
        self.asked: list[Request] = []
        self.handed: list[tuple[Case, Unit, Unit]] = []
        self.stops: dict[tuple[str, ...], list[tuple[int, int | None]]] = defaultdict(list)
        self.told: list[tuple[Case, ledger.Act]] = []
        self.outbox = notifying.Outbox(known)
        self.clocks = Clockwork(now)

    # --- what callers say ----------------------------------------------------
    def open(self, case: Case) -> None:
        """``case`` is new."""
        self.opened[case.pk] = case

    def numbers(self, count: int) -> list[tuple[int, str]]:
        """``count`` pairs of row id and case number ``SJ-YYYYMMDD-NNNNNN``; their clocks are numbered with them.

        One statement; gaps are fine.
        """
        with connection.cursor() as cursor:
            cursor.execute(OF_CASES, [count])
            rows = cursor.fetchall()
        day, prefix = localdate(self.now).strftime("%Y%m%d"), self.known.district.prefix
        self.clocks.spare += [pk for row in rows for pk in row[2:]]
        return [(row[0], f"{prefix}-{day}-{row[1]:06d}") for row in rows]

    def touch(self, case: Case) -> None:
        """``case`` exists, is locked, and has changed."""
        if case.pk not in self.opened:
            self.touched[case.pk] = case

    def remember_parties(self, case_ids: set[int]) -> None:
        """Learn who is engaged in existing cases already. One statement, none for none."""
        if case_ids:
            rows = Party.objects.filter(case__in=case_ids, until__isnull=True).values_list("case_id", "unit_id")
            for case_id, unit_id in rows:
                self.engaged[case_id].add(unit_id)

    def engage(self, case: Case, unit: Unit | None, role: str) -> None:
        """``unit`` becomes a party, with its own acknowledgement and clock, unless it is one already."""
        if unit is None or unit.pk in self.engaged[case.pk]:
            return
        self.engaged[case.pk].add(unit.pk)
        self.parties.append(
            {"case_id": case.pk, "unit_id": unit.pk, "role": role, "since": self.now, "answered_by": "", "live": True}
        )
        self.start(case, "acknowledge", unit, minutes=case.policy["acknowledge"])

    def release(self, case: Case, unit: Unit, role: str) -> None:
        """``unit`` is no longer engaged in ``role`` and need not answer any more."""
        engaged = Party.objects.filter(case=case, unit=unit, role=role, until__isnull=True)
        if engaged.update(until=self.now, live=False):
            self.engaged[case.pk].discard(unit.pk)
            self.left.append((case.pk, unit.code, role))
        self.stop(case, *ladder.KINDS, unit=unit)

    def unanswer(self, case: Case) -> None:
        """Every party of ``case`` must answer anew."""
        self.unanswered.append(case.pk)

    def resume_clocks(self, case: Case) -> None:
        """The paused clocks of ``case`` go on with what was left, never with more than the ceiling of their pause."""
        self.resumed.append(case.pk)

    def overtake(self, case: Case, kind: str = "") -> None:
        """What was asked (``kind``, or anything) and is undecided has been overtaken by what happens to ``case``."""
        if case.pk not in self.opened:
            self.touch(case)
            self.overtaken[kind].append(case.pk)

    def start(
        self, case: Case, kind: str, unit: Unit | None, *, minutes: float = 0, days: int = 0, level: int = 0
    ) -> None:
        """Start a clock of natural ``minutes``, or of working ``days`` by the loaded calendar; in a drill it is as much
        shorter as the drill is faster.

        ``level``: the rung of the call ladder, for such a clock.
        """
        minutes /= case.speed
        due_at, provisional = self.now + timedelta(minutes=minutes), False
        if days:
            due_at, provisional = self._working_days(case, kind, days)
            due_at = self.now + (due_at - self.now) / case.speed
        self.deadlines.append(
            {
                "case_id": case.pk,
                "unit_id": unit.pk if unit else None,
                "kind": kind,
                "started_at": self.now,
                "due_at": due_at,
                "provisional": provisional,
                "minutes": minutes,
                "days": days,
                "level": level,
            }
        )

    def start_own(self, case: Case, kind: str, unit: Unit | None, minutes: float) -> Deadline:
        """Start a clock of natural ``minutes`` that one request, order or team keeps for itself; written at once."""
        minutes /= case.speed
        due_at = self.now + timedelta(minutes=minutes)
        kept = Deadline.objects.create(case=case, unit=unit, kind=kind, started_at=self.now, due_at=due_at)
        born = attesting.born_as(kind, kept.level, kept.provisional)
        self.clocks.note([(kept.pk, case.pk)], What.START, minutes=minutes, unit_id=kept.unit_id, born=born)
        return kept

    def stop_own(self, *deadlines: Deadline | None) -> None:
        """Stop the clocks that one request, order or team keeps; nothing for none and for one that has stopped."""
        if ids := [deadline.pk for deadline in deadlines if deadline is not None]:
            self.clocks.stop("d.id = ANY(%(ids)s)", ids=ids)

    def is_overtaken(self, case: Case, kind: str) -> bool:
        """Whether what was asked is about to be overtaken by these changes."""
        return any(case.pk in self.overtaken.get(name, ()) for name in (kind, ""))

    def hand_on(self, case: Case, former: Unit, unit: Unit) -> None:
        """The clocks that run against ``former`` run on against ``unit``, with the time that is left."""
        self.handed.append((case, former, unit))

    def ask(self, case: Case, kind: str, *, proposed: Unit | None = None, reason: str) -> None:
        """The system itself asks for a decision: a determination, or a re-dispatch after a new edition."""
        self.asked.append(Request(case=case, kind=kind, reason=reason, proposed=proposed, asked_at=self.now))
        self.tell(case, f"request.{kind}", after={"proposed": proposed.code if proposed else None, "reason": reason})

    def stop(self, case: Case, *kinds: str, unit: Unit | None = None) -> None:
        """Stop the running clocks of ``kinds``; only those that ``unit`` owes when it is given."""
        self.stops[kinds].append((case.pk, unit.pk if unit else None))

    def tell(
        self, case: Case, verb: str, *, before: dict | None = None, after: dict | None = None, note: str = ""
    ) -> None:
        """Write an act on ``case`` into the ledger, marked where it is a drill's."""
        act = ledger.Act(
            chain=case.chain,
            verb=verb,
            subject_type="case",
            subject_id=case.number,
            subject_label=case.title,
            before=before or {},
            after=(after or {}) | ({"drill": case.drill_id} if case.drill_id else {}),
            note=note,
        )
        self.told.append((case, act))

    # --- the pen -------------------------------------------------------------
    def write(self, *, by: acting.Actor, post=None) -> None:
        """Write everything in the present transaction and tell the screens on commit."""
        self.clocks.number(self.deadlines)
        if self.opened and not self.touched and not self.asked and not self.old_chains:
            # Besides, each case is told to somebody, and each clock has an event.
            with together(2 * len(self.opened) + len(self.parties) + 2 * len(self.deadlines)):
                self._write(by, post)
        else:
            self._write(by, post)
        board.changed([*self.opened.values(), *self.touched.values()], self.engaged)

    def _write(self, by: acting.Actor, post) -> None:
        if self.opened:
            self._set_due()
            copy(Case, map(vars, self.opened.values()))
        if self.resumed:
            self.clocks.resume(self.resumed)
        for kind, ids in self.overtaken.items():
            self._overtake(kind, ids)
        for kinds, owed in self.stops.items():
            self._stop(kinds, owed)
        self._hand_on()
        if self.unanswered:
            Party.objects.filter(case__in=self.unanswered, until__isnull=True).update(
                acknowledged_at=None, acknowledged_by=None, answered_by=""
            )
        self._add()
        if self.touched:
            rewriting.rewrite(list(self.touched.values()))
        outbox.write(self.outbox.tell(self.told, self.now))
        fresh = {case.chain for case in self.opened.values()} - self.old_chains
        told = {"by": by, "post": post, "at": self.now}
        acts = [act for _case, act in self.told]
        ledger.record([act for act in acts if act.chain in fresh], **told, new_chains=True)
        ledger.record([act for act in acts if act.chain not in fresh], **told)

    def _hand_on(self) -> None:
        spared = [str(kind) for kind in (*ladder.KINDS, *SEVERAL)]
        for case, former, unit in self.handed:
            which = "d.case_id = %(case)s AND d.unit_id = %(former)s AND d.kind <> ALL(%(spared)s)"
            self.clocks.hand_on(which, unit.pk, case=case.pk, former=former.pk, spared=spared)

    def _add(self) -> None:
        if self.parties:
            units = self.known.units
            came = ((row["case_id"], units[row["unit_id"]].code, row["role"]) for row in self.parties)
            attesting.parties(self.told, "parties", came)
            copy(Party, self.parties, leave_out=["id"])
        attesting.parties(self.told, "left", self.left)
        if self.deadlines:
            self.clocks.start(self.deadlines)
        attesting.clocks(self.told, self.clocks.events)
        self.clocks.write()
        if self.asked:
            Request.objects.bulk_create(self.asked)

    def _set_due(self) -> None:
        """New cases have no clocks but these, so their worklist keys need no question to the database."""
        nearest: dict[tuple[int, int | None], datetime] = {}
        for deadline in self.deadlines:
            case_id, due_at = deadline["case_id"], deadline["due_at"]
            for key in ((case_id, deadline["unit_id"]), (case_id, None)):
                nearest[key] = min(nearest.get(key, due_at), due_at)
        for party in self.parties:
            case_id = party["case_id"]
            party["due_at"] = nearest.get((case_id, party["unit_id"]), nearest.get((case_id, None)))
        for case in self.opened.values():
            case.due_at = nearest.get((case.pk, None))

    def _overtake(self, kind: str, case_ids: list[int]) -> None:
        pending = Request.objects.filter(case__in=case_ids, state=RequestState.PENDING)
        found = list(pending.filter(kind=kind) if kind else pending)
        for request in found:
            told = {"request": request.pk, "kind": request.kind}
            self.tell(self.touched[request.case_id], "request.overtaken", after=told)
        if found:
            over = {"state": RequestState.OVERTAKEN, "decided_at": self.now}
            Request.objects.filter(pk__in=[request.pk for request in found]).update(**over)
            self.clocks.stop("d.id = ANY(%(ids)s)", ids=[request.deadline_id for request in found])

    def _stop(self, kinds: tuple[str, ...], owed: list[tuple[int, int | None]]) -> None:
        named, everyone = list(map(str, kinds)), [case for case, unit in owed if unit is None]
        if everyone:
            self.clocks.stop("d.kind = ANY(%(kinds)s) AND d.case_id = ANY(%(cases)s)", kinds=named, cases=everyone)
        for case, unit in owed:
            if unit is not None:
                which = "d.kind = ANY(%(kinds)s) AND d.case_id = %(case)s AND d.unit_id = %(unit)s"
                self.clocks.stop(which, kinds=named, case=case, unit=unit)

    def _working_days(self, case: Case, kind: str, days: int) -> tuple[datetime, bool]:
        calendar = self.known.calendar
        try:
            return calendar.add_workdays(self.now, days), False
        except YearNotLoaded as error:
            # Nobody may be kept from containing a danger by a missing calendar, but it must not pass unseen.
            self.tell(case, "deadline.provisional", after={"kind": kind, "days": days}, note=str(error))
            return max(self.now, calendar.end_of_last_year()), True


def place_of(lat: float | None, lon: float | None) -> str | None:
    """A place as the ledger tells it, exact: WGS84 degrees, latitude first."""
    return None if lat is None or lon is None else f"{lat!r} {lon!r}"


def attach_units(case: Case, known: Directory) -> Case:
    """Spare the joins: the units stand in the directory."""
    for name in ("holder", "lead"):
        unit = known.units.get(getattr(case, f"{name}_id"))
        if unit:
            setattr(case, name, unit)
    return case


def locked(**which):
    """The cases that fit, row-locked in one order, so that two writers never wait for each other in a ring."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a case is locked inside a transaction only")
    return Case.objects.select_for_update(of=("self",)).filter(**which).order_by("pk")


def locked_case(case_id: int, *related: str) -> Case:
    """The case, row-locked, with its ``related`` rows; ``Case.DoesNotExist``. Two statements.

    Locked first and read afterwards: a statement that waits joins the rows it saw before, so a case whose holder
    changed meanwhile would come without any.
    """
    locked(pk=case_id).values_list("pk").get()
    return Case.objects.select_related(*related).get(pk=case_id)
