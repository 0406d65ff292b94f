"""The handbooks of a district file: the first become version 1, what differs later becomes a draft for people."""

import hashlib
import json
from datetime import datetime

from django.db import transaction
from rest_framework import serializers

from handbook import versions, wording
from handbook.models import Blocks, Step, Version
from responsibility import acting, clock, directory, district_file
from responsibility.directory import Directory
from responsibility.district_file import BadDistrictFile, Code, Text, Whole
from responsibility.loading import Tally
from responsibility.models import Category, Edition, EditionState, EvidenceKind, Grade, Loop
from responsibility.refusals import Invalid
from responsibility.soundness import LONGEST_MINUTES

StepRow = district_file.row_of(
    "StepRow",
    text=Text(max_length=500),
    text_en=Text(max_length=500, allow_blank=True, required=False),
    how=Text(max_length=1000, allow_blank=True, required=False),
    how_en=Text(max_length=1000, allow_blank=True, required=False),
    grades=serializers.ListField(child=serializers.ChoiceField(Grade.choices), required=False),
    loop=serializers.ChoiceField(Loop.choices, required=False),
    role=serializers.ChoiceField([role.value for role in wording.DOERS], required=False),
    unit=Code("units", required=False),
    minutes=Whole(min_value=1, max_value=LONGEST_MINUTES, required=False),
    proof=serializers.ChoiceField(EvidenceKind.choices, required=False),
    blocks=serializers.ChoiceField(Blocks.choices, required=False),
)
HandbookRow = district_file.row_of("HandbookRow", handbook=StepRow(many=True, required=False))


def load_handbooks(data: dict) -> Tally:
    """Load the ``handbook`` of every category of ``data``, after the categories themselves. Told by versions."""
    units = {"units": district_file.codes(data["units"])}
    district_file.judge_rows("categories", HandbookRow, data["categories"], units)
    known, told = directory.current(), Tally()
    told_before = set(Version.objects.exclude(origin="").values_list("category__code", "origin"))
    with transaction.atomic():
        for row in data["categories"]:
            if not row.get("handbook"):
                continue
            origin = _digest(row)
            if (row["code"], origin) in told_before:
                told.unchanged += 1
                continue
            _load(row, origin, known)
            told.created += 1
    return told


def _digest(row: dict) -> str:
    said = [row["handbook"], row.get("handbook_source", "")]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _load(row: dict, origin: str, known: Directory) -> None:
    category, since = Category.objects.get(code=row["code"]), _since()
    owner = versions.owner_of(category, known, clock.now())
    if owner is None:
        raise BadDistrictFile(f"{row['code']} · handbook: 没有编制单位 / nobody keeps this handbook")
    first = not Version.objects.filter(category=category).exists()
    version = versions.new(category, owner, origin=origin, source=row.get("handbook_source", "")[:500])
    steps = enumerate(row["handbook"], 1)
    Step.objects.bulk_create(
        Step(version=version, position=n, **_said(row["code"], n, step, known)) for n, step in steps
    )
    versions.tell(version, "draft", acting.SYSTEM, None, after={"origin": origin})
    if first:
        versions.lay_before(version, acting.SYSTEM, None)
        versions.come_into_force(version, since, acting.SYSTEM, None)


def _said(code: str, position: int, step: dict, known: Directory) -> dict:
    try:
        return wording.read(wording.Wish(**step), known)
    except Invalid as wrong:
        raise BadDistrictFile(f"{code} · handbook[{position}].{wrong.attr}: {wrong.detail}") from None


def _since() -> datetime:
    """From when the first handbooks hold: as long as the first matrix does."""
    first = Edition.objects.filter(state=EditionState.PUBLISHED).order_by("number").first()
    return first.valid.lower if first else clock.now()
