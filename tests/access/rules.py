"""One rule for every door of the installation: method, address as the URL resolver spells it, and what it takes.

``act`` is a row of the permission table (``responsibility/acts.py``) or one of the words below; ``of`` names the thing
of the walk's world (``world.py``) on which it is done, and whoever does not see that thing is told 404. A door without
``of`` is open to whoever may do ``act`` anywhere. A door with several kinds of work behind it has a line for each.
"""

from dataclasses import dataclass, field
from importlib import import_module

from tests.access import doors_firms, doors_portals

# Instead of an act: everybody; whoever has signed in; whoever sees the thing; a sub-platform with its key; nobody.
PUBLIC, SIGNED_IN, SEEN, SOURCE, NOBODY = "public", "signed in", "seen", "source", "nobody"
DECISIONS = {
    "escalate": "street", "escalate_large": "wide", "extend": "street", "void": "street", "return": "street",
    "suspend": "repair", "determine": "gap", "redispatch": "moved", "share": "street", "extend_again": "again",
    "appeal": "again", "suspend_long": "suspend_long", "suspend_district": "suspend_district", "void_wide": "district",
    "stand_down": "district",
}  # fmt: skip
ASKED = {
    "escalate": {}, "void": {}, "extend": {"minutes": 30}, "suspend": {"minutes": 60},
    "return": {"code": "source_elsewhere"}, "stand_down": {}, "share": {"proposed": "X-TPF", "minutes": 60},
}  # fmt: skip
PARTY_VERBS = ["acknowledge", "arrive", "contain", "rectify", "report", "rework", "close", "reopen", "resume"]
VERBS = dict.fromkeys(PARTY_VERBS, "street") | {"file": "triage", "void": "triage"}
# A page calls the action that its operation of the API calls; there one of each scope is enough.
PRESSED = {verb: VERBS[verb] for verb in ("acknowledge", "contain", "close", "file")}
TABLES = ["units", "posts", "roster", "matrix", "objects", "stock", "policies"]
NO_EXPORT = "00000000-0000-4000-8000-000000000000"
# Kinds of request that a page is tried with, one of each scope.
ON_PAGES = ("escalate", "return")
MINED = ("ocel", "xes", "conformance", "times")
REASON, APPROVED = {"reason": "试"}, {"decision": "approve"}
COMMANDED = {
    "change": {"phase": "clear", "objectives": "查漏"}, "report": {"situation": "已关阀"},
    "stand_down": {"conclusion": "完"},
}  # fmt: skip
# What is asked within a page that has a door of its own, and the test that meets everybody there.
WITHIN = {
    "handbook.read": "tests/handbook/test_pages.py",
    "case.grants": "tests/access/test_the_walk.py",
    "case.acknowledge_off_duty": "tests/cases/test_acknowledging_on_duty.py",
    "posts.oversight": "tests/exchange/test_exchange.py",
    "complaint.read": "tests/insurance/test_firms_complaints.py",
}


@dataclass(frozen=True)
class Door:
    """``at`` and ``body`` are filled from the world: ``"/cases/{street}/"``. ``file``: the field that takes one."""

    method: str
    pattern: str
    act: str
    of: str = ""
    at: str = ""
    body: dict = field(default_factory=dict)
    file: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.at or self.pattern} ({self.act})"


def _public() -> list[Door]:
    both = ["/accounts/login/", "/admin/login/"]
    read = ["/healthz", "/readyz", "/metrics", "/api/schema/", "/api/docs/", *both]
    pressed = ["/accounts/logout/", "/language/", "/api/v1/token/", *both]
    return [*(Door("GET", a, PUBLIC) for a in read), *(Door("POST", a, PUBLIC) for a in pressed)]


def _sources() -> list[Door]:
    doors = ["alerts/", "alerts/cap/", "alerts/alertmanager/", "readings/", "heartbeat/"]
    return [Door("POST", f"/api/v1/{door}", SOURCE) for door in doors]


def _cases() -> list[Door]:
    page, api = "/cases/<number:number>/", "/api/v1/cases/<str:number>/"
    photo = {"kind": "photo"}
    share = {"unit": "X-INS", "reason": "理赔", "until": "{until}"}
    return [
        Door("GET", "/", SIGNED_IN),
        Door("GET", "/board/", SIGNED_IN),
        Door("GET", "/api/v1/cases/", SIGNED_IN),
        Door("GET", page, SEEN, "street", "/cases/{street}/"),
        Door("GET", page, SEEN, "triage", "/cases/{triage}/"),
        Door("GET", api, SEEN, "street", "/api/v1/cases/{street}/"),
        Door("GET", f"{api}timeline/", SEEN, "street", "/api/v1/cases/{street}/timeline/"),
        Door("GET", f"{api}bundle/", SEEN, "street", "/api/v1/cases/{street}/bundle/"),
        Door("POST", f"{page}bundle/", SEEN, "street", "/cases/{street}/bundle/"),
        Door("GET", f"{page}ledger/", SEEN, "street", "/cases/{street}/ledger/"),
        Door("GET", f"{page}<slug:verb>/", SEEN, "street", "/cases/{street}/close/"),
        *(
            Door("POST", f"{page}<slug:verb>/", f"case.{v}", of, f"/cases/{{{of}}}/{v}/", REASON)
            for v, of in PRESSED.items()
        ),
        *(
            Door("POST", f"{api}<str:verb>/", f"case.{v}", of, f"/api/v1/cases/{{{of}}}/{v}/", REASON)
            for v, of in (VERBS | {"suspend": "street", "annul": "street"}).items()
        ),
        Door("GET", f"{page}evidence/", SEEN, "street", "/cases/{street}/evidence/"),
        Door("POST", f"{page}evidence/", "evidence.add", "street", "/cases/{street}/evidence/", photo, "file"),
        Door("POST", f"{api}evidence/", "evidence.add", "street", "/api/v1/cases/{street}/evidence/", photo, "file"),
        Door("GET", "/evidence/<int:pk>/", SEEN, "street", "/evidence/{photo}/"),
        Door("GET", "/evidence/<int:pk>/thumb/", SEEN, "street", "/evidence/{photo}/thumb/"),
        Door("GET", "/evidence/<int:pk>/original/", "evidence.original", "street", "/evidence/{photo}/original/"),
        Door("POST", f"{page}shares/", "case.share", "street", "/cases/{street}/shares/", share | {"until": "{day}"}),
        Door("POST", f"{api}shares/", "case.share", "street", "/api/v1/cases/{street}/shares/", share),
        Door("POST", "/shares/<int:pk>/revoke/", "case.unshare", "street", "/shares/{grant}/revoke/"),
        Door("POST", "/api/v1/shares/<int:pk>/revoke/", "case.unshare", "street", "/api/v1/shares/{grant}/revoke/"),
    ]  # fmt: skip


def _requests() -> list[Door]:
    page, api = "/cases/<number:number>/requests/", "/api/v1/cases/<str:number>/requests/"
    asked = {kind: {"kind": kind, "reason": "缺人手", **more} for kind, more in ASKED.items()}
    return [
        Door("GET", "/requests/", SIGNED_IN),
        Door("GET", page, SEEN, "fresh", "/cases/{fresh}/requests/"),
        *(Door("POST", page, f"request.{k}", "fresh", "/cases/{fresh}/requests/", asked[k]) for k in ON_PAGES),
        *(Door("POST", api, f"request.{k}", "fresh", "/api/v1/cases/{fresh}/requests/", b) for k, b in asked.items()),
        *(
            Door("POST", "/requests/<int:pk>/", f"decide.{kind}", of, f"/requests/{{{kind}}}/", APPROVED)
            for kind, of in DECISIONS.items()
        ),
        *(
            Door("POST", "/api/v1/requests/<int:pk>/<str:decision>/", f"decide.{kind}", of,
                 f"/api/v1/requests/{{{kind}}}/{d}/", {"answer": "知"})
            for kind, of in DECISIONS.items()
            for d in ("approve", "refuse")
        ),
        Door("POST", "/requests/<int:pk>/appeal/", "request.appeal", "again", "/requests/{refused}/appeal/", REASON),
        Door("POST", "/api/v1/requests/<int:pk>/appeal/", "request.appeal", "again",
             "/api/v1/requests/{refused}/appeal/", REASON),
        Door("GET", "/privacy/", "privacy.erase"),
        Door("POST", "/privacy/", "privacy.erase", body={"name": "无此人", "basis": "purpose", "reason": "试"}),
        Door("GET", "/arbitration/", "dispute.read"),
        Door("POST", "/arbitration/<int:pk>/row/", "edition.rows", "", "/arbitration/{determine}/row/"),
    ]  # fmt: skip


def _joint() -> list[Door]:
    page, api = "/cases/<number:number>/", "/api/v1/cases/<str:number>/"
    order = {"unit": "SJ-GA", "text": "封路", "minutes": 30, "power": "assist"}
    said = {"kind": "advice", "expert": "陆工", "text": "通风"}
    at, via = "/cases/{joint}/", "/api/v1/cases/{joint}/"
    verbs = ("acknowledge", "done", "return", "withdraw")
    urge = {"kind": "urge", "unit": "SJ-JG", "text": "快"}
    listing = urge | {"kind": "circular"}
    return [
        Door("POST", f"{page}orders/", "order.give", "joint", f"{at}orders/", order),
        Door("GET", f"{api}orders/", SEEN, "joint", f"{via}orders/"),
        Door("POST", f"{api}orders/", "order.give", "joint", f"{via}orders/", order),
        Door("GET", "/api/v1/orders/", SIGNED_IN),
        *(
            Door("POST", f"{before}/orders/<int:pk>/{gap}/", f"order.{v}", "joint", f"{before}/orders/{{order}}/{v}/",
                 {"note": "试"})
            for before, gap in (("", "<slug:verb>"), ("/api/v1", "<str:verb>"))
            for v in verbs
        ),
        Door("GET", f"{page}resources/", SEEN, "joint", "/cases/{joint}/resources/"),
        Door("POST", f"{page}resources/", "dispatch.send", "joint", "/cases/{joint}/resources/", {"take-R-E055": "1"}),
        Door("GET", f"{api}kit/", SEEN, "joint", f"{via}kit/"),
        Door("GET", f"{api}dispatches/", SEEN, "joint", f"{via}dispatches/"),
        Door("POST", f"{api}dispatches/", "dispatch.send", "joint", f"{via}dispatches/",
             {"resources": {"R-E055": 1}}),
        *(
            Door("POST", f"{before}/dispatches/<int:pk>/{gap}/", f"dispatch.{v}", "joint",
                 f"{before}/dispatches/{{dispatch}}/{v}/")
            for before, gap in (("", "<slug:verb>"), ("/api/v1", "<str:verb>"))
            for v in ("depart", "arrive", "release")
        ),
        Door("POST", f"{page}command/", "command.open", "large", "/cases/{large}/command/",
             {"objectives": "止漏", "phase": "control"}),
        Door("GET", f"{api}command/", SEEN, "large", "/api/v1/cases/{large}/command/"),
        Door("POST", f"{api}command/", "command.open", "large", "/api/v1/cases/{large}/command/",
             {"objectives": "止漏"}),
        *(
            Door("POST", "/commands/<int:pk>/<slug:verb>/", f"command.{v}", "large", f"/commands/{{command}}/{v}/", b)
            for v, b in COMMANDED.items()
        ),
        *(
            Door("POST", f"/api/v1/commands/<int:pk>/{v}/", f"command.{v}", "large",
                 f"/api/v1/commands/{{command}}/{v}/", b)
            for v, b in COMMANDED.items()
        ),
        Door("GET", "/resources/", "resources.read"),
        Door("GET", "/api/v1/resources/", SIGNED_IN),
        Door("POST", "/resources/<int:pk>/", "resources.keep", "resource", "/resources/{resource}/", {"stock": "5"}),
        Door("POST", "/api/v1/resources/<str:code>/keep/", "resources.keep", "resource",
             "/api/v1/resources/{resource_code}/keep/", {"stock": 5}),
        Door("GET", "/urging/", "urge.read"),
        Door("POST", f"{page}urging/", "urge.urge", "joint", f"{at}urging/", urge),
        Door("POST", f"{page}urging/", "urge.supervise", "joint", f"{at}urging/", listing),
        Door("GET", f"{api}urgings/", SEEN, "joint", f"{via}urgings/"),
        Door("POST", f"{api}urgings/", "urge.urge", "joint", f"{via}urgings/", urge),
        Door("POST", f"{api}urgings/", "urge.supervise", "joint", f"{via}urgings/", listing),
        Door("GET", "/api/v1/urgings/", SIGNED_IN),
        *(
            Door("POST", f"{before}{{gap}}".format(gap=gap.replace("{v}", v)), f"urge.{v}", "urging",
                 f"{before}{{urging}}/{v}/", {"text": "试"})
            for before, gap in (("/urging/", "<int:pk>/<slug:verb>/"), ("/api/v1/urgings/", "<int:pk>/{v}/"))
            for v in ("reply", "lift")
        ),
        Door("POST", f"{page}advice/", "advice.record", "joint", f"{at}advice/", said),
        Door("GET", f"{api}advice/", SEEN, "joint", f"{via}advice/"),
        Door("POST", f"{api}advice/", "advice.record", "joint", f"{via}advice/", said),
        Door("POST", "/advice/<int:pk>/sign/", "advice.sign", "joint", "/advice/{advice}/sign/"),
        Door("POST", "/api/v1/advice/<int:pk>/sign/", "advice.sign", "joint", "/api/v1/advice/{advice}/sign/"),
    ]  # fmt: skip


def _accountability() -> list[Door]:
    page, api = "/cases/<number:number>/", "/api/v1/cases/<str:number>/"
    said, officer = {"about": "holding", "text": "试"}, "/accountability/officers/<str:username>/"
    duty, again = "/accountability/officers/sijing-duty/", "/accountability/rechecks/"
    own = "/accountability/own/"
    rungs, reminded = "/accountability/consequences/", {"unit": "SJ-JGW", "text": "查明", "ground": "case"}
    return [
        Door("GET", f"{page}accountability/", SEEN, "joint", "/cases/{joint}/accountability/"),
        Door("GET", f"{api}accountability/", SEEN, "joint", "/api/v1/cases/{joint}/accountability/"),
        Door("POST", f"{page}statements/", "statement.make", "concerned", "/cases/{concerned}/statements/", said),
        Door("POST", f"{api}statements/", "statement.make", "concerned", "/api/v1/cases/{concerned}/statements/", said),
        Door("GET", "/accountability/", "accountability.read"),
        Door("GET", "/accountability/table.csv", "accountability.read"),
        Door("GET", again, "accountability.read"),
        Door("GET", "/mining/", "accountability.read"),
        Door("POST", "/mining/export/", "accountability.read", "", "/mining/export/", {"form": "xes"}),
        *(Door("GET", f"/api/v1/mining/{what}/", "accountability.read") for what in MINED),
        Door("POST", again, "recheck.record", "", again, {"month": "2026-01"}),
        Door("GET", f"{again}draw.json", "accountability.read", "", f"{again}draw.json?month=2026-01"),
        Door("GET", rungs, "consequence.read"),
        Door("GET", f"{rungs}new/", "consequence.remind", "", f"{rungs}new/?case={{joint}}"),
        *(
            Door("POST", f"{rungs}new/", f"consequence.{act}", "", f"{rungs}new/?case={{joint}}&kind={kind}", reminded)
            for act, kind in (("remind", "reminder"), ("talk", "talk"), ("hand_over", "handover"))
        ),
        Door("GET", f"{rungs}<int:pk>/", SEEN, "summoned", f"{rungs}{{summoned}}/"),
        Door("GET", f"{rungs}<int:pk>/minutes/", SEEN, "summoned", f"{rungs}{{summoned}}/minutes/"),
        *(
            Door("POST", f"{rungs}<int:pk>/<slug:verb>/", f"consequence.{verb}", of, f"{rungs}{{summoned}}/{verb}/",
                 {"text": "试", "note": "试"})
            for verb, of in (("answer", "summoned"), ("withdraw", "summoning"))
        ),
        Door("GET", "/accountability/officers/", "dossier.read"),
        Door("GET", officer, "dossier.read", "officer", duty),
        Door("GET", f"{officer}dossier.csv", "dossier.read", "officer", f"{duty}dossier.csv"),
        Door("GET", f"{officer}dossier.pdf", "dossier.read", "officer", f"{duty}dossier.pdf"),
        Door("GET", own, "statement.own"),
        Door("GET", f"{own}<number:number>/", SEEN, "owned", f"{own}{{owned}}/"),
        Door("POST", f"{own}<number:number>/", "statement.own", "owned", f"{own}{{owned}}/", said),
    ]  # fmt: skip


def _matrix() -> list[Door]:
    edition = "/matrix/editions/<int:number>/"
    place = "category=LL-CONF-H2S&lat=31.1144&lon=121.2683"
    row = {
        "category": "LL-CONF-H2S",
        "role": "support",
        "unit": "SJ-JGW",
        "basis": "第三条",
        "valid_from": "2026-01-01",
    }
    steps = ["send", "approve", "publish", "take_back", "withdraw"]
    return [
        Door("GET", "/territories.json", SIGNED_IN),
        Door("GET", "/objects/", SIGNED_IN),
        Door("GET", "/matrix/", SIGNED_IN),
        Door("GET", "/matrix/cell/", SIGNED_IN, "", "/matrix/cell/?category=LL-CONF-H2S&role=lead"),
        Door("GET", "/matrix/owner/", SIGNED_IN, "", f"/matrix/owner/?{place}"),
        Door("GET", "/api/v1/matrix/owner/", SIGNED_IN, "", f"/api/v1/matrix/owner/?{place}"),
        Door("GET", "/api/v1/matrix/editions/", SIGNED_IN),
        Door("GET", "/matrix/editions/", SIGNED_IN),
        Door("POST", "/matrix/editions/", "edition.draft", "", "/matrix/editions/", {"title": "新版"}),
        Door("GET", edition, SIGNED_IN, "", "/matrix/editions/1/"),
        Door("GET", edition, SEEN, "draft", "/matrix/editions/{draft}/"),
        Door("GET", f"/api/v1{edition}", SEEN, "draft", "/api/v1/matrix/editions/{draft}/"),
        Door("GET", f"{edition}do/<slug:verb>/", SEEN, "draft", "/matrix/editions/{draft}/do/send/"),
        *(
            Door("POST", f"{edition}do/<slug:verb>/", f"edition.{v}", "draft", f"/matrix/editions/{{draft}}/do/{v}/")
            for v in steps
        ),
        Door("GET", f"{edition}rows/new/", "edition.rows", "draft", "/matrix/editions/{draft}/rows/new/"),
        Door("POST", f"{edition}rows/new/", "edition.rows", "draft", "/matrix/editions/{draft}/rows/new/", row),
        Door("GET", f"{edition}rows/<int:pk>/", "edition.rows", "draft", "/matrix/editions/{draft}/rows/{row}/"),
        Door("POST", f"{edition}rows/<int:pk>/", "edition.rows", "draft", "/matrix/editions/{draft}/rows/{row}/", row),
        Door("GET", f"{edition}opinions/", "edition.opinion", "unnamed", "/matrix/editions/{draft}/opinions/"),
        Door("POST", f"{edition}opinions/", "edition.opinion", "draft", "/matrix/editions/{draft}/opinions/",
             {"stance": "accept", "row": "{row}"}),
        Door("GET", f"{edition}compare/", SEEN, "draft", "/matrix/editions/{draft}/compare/"),
        Door("GET", f"{edition}whatif/", "dispute.read", "", "/matrix/editions/{draft}/whatif/"),
    ]  # fmt: skip


def _rooms() -> list[Door]:
    handed = "/roster/hand-overs/"
    table, upload = "/exchange/<str:name>/", "/exchange/uploads/<uuid:chain>/"
    shift = {"unit": "310117102", "person": "sijing-handler", "since": "{since}", "until": "{until}"}
    proof, seen = "/api/v1/ledger/entries/", "/ledger/checkpoints/witness/"
    return [
        Door("GET", "/ledger/", "ledger.read"),
        Door("GET", "/api/v1/ledger/", "ledger.read"),
        Door("GET", "/ledger/checkpoints/", "ledger.read"),
        *(Door("POST", "/ledger/checkpoints/<slug:act>/", "ledger.witnesses", "", f"/ledger/checkpoints/{act}/")
          for act in ("register", "add-outlet")),
        Door("GET", seen, "ledger.witness"),
        Door("POST", seen, "ledger.witness"),
        Door("POST", f"{seen}check/", "ledger.witness"),
        Door("GET", f"{seen}checkpoint.txt", "ledger.witness"),
        Door("GET", "/ledger/programs/<str:name>", PUBLIC, "", "/ledger/programs/witness.py"),
        Door("GET", "/api/v1/ledger/checkpoint/", PUBLIC),
        Door("GET", "/api/v1/ledger/consistency/", PUBLIC),
        Door("GET", "/api/v1/ledger/keys/", PUBLIC),
        Door("GET", "/api/v1/ledger/entries/<int:pk>/proof/", "ledger.read", "", f"{proof}{{entry}}/proof/"),
        Door("POST", "/api/v1/ledger/cosign/", SIGNED_IN),
        Door("GET", "/desk/", "ledger.read"),
        Door("GET", "/desk/table.csv", "ledger.read"),
        Door("POST", "/desk/questions/", "ledger.read"),
        Door("POST", "/desk/questions/<int:pk>/<slug:act>/", "ledger.read", "", "/desk/questions/1/remove/"),
        Door("GET", "/desk/sealed/", "desk.seal"),
        Door("POST", "/desk/sealed/", "desk.seal"),
        Door("GET", "/desk/sealed/<uuid:pk>/file/", "desk.seal", "", f"/desk/sealed/{NO_EXPORT}/file/"),
        Door("GET", "/api/v1/desk/entries/", "ledger.read"),
        Door("GET", "/retention/", "retention.read"),
        Door("GET", "/api/v1/retention/", "retention.read"),
        Door("POST", "/retention/periods/", "retention.set", "", "/retention/periods/",
             {"code": "readings", "days": "400", "reason": "试"}),
        Door("POST", "/retention/holds/", "retention.hold", "", "/retention/holds/",
             {"since": "2020-01-01", "until": "2020-01-02", "reason": "试"}),
        Door("POST", "/retention/holds/<int:pk>/lift/", "retention.lift", "", "/retention/holds/1/lift/", REASON),
        Door("POST", "/api/v1/retention/periods/", "retention.set", "", "/api/v1/retention/periods/",
             {"code": "readings", "days": 400, "reason": "试"}),
        Door("POST", "/api/v1/retention/holds/", "retention.hold", "", "/api/v1/retention/holds/",
             {"since": "2020-01-01", "until": "2020-01-02", "reason": "试"}),
        Door("POST", "/api/v1/retention/holds/<int:pk>/lift/", "retention.lift", "", "/api/v1/retention/holds/1/lift/",
             REASON),
        Door("GET", "/permissions/", "permissions.read"),
        Door("GET", "/permissions/table.csv", "permissions.read"),
        Door("GET", "/api/v1/permissions/", "permissions.read"),
        Door("GET", "/roster/", "roster.read"),
        Door("GET", "/roster/", SEEN, "roster", "/roster/?unit=310117102"),
        Door("POST", "/roster/plan/", "roster.plan", "roster", "/roster/plan/", shift),
        Door("POST", "/roster/<int:pk>/drop/", "roster.plan", "roster", "/roster/{coming}/drop/"),
        Door("POST", "/roster/<int:pk>/hand-over/", "roster.hand_over", "shift", "/roster/{running}/hand-over/",
             {"to": "{taker}"}),
        Door("POST", f"{handed}<int:pk>/take/", "roster.take_over", "handed", f"{handed}{{handed}}/take/"),
        Door("GET", "/api/v1/roster/", "roster.read"),
        Door("GET", "/api/v1/roster/", SEEN, "roster", "/api/v1/roster/?unit=310117102"),
        Door("POST", "/api/v1/roster/", "roster.plan", "planned", "/api/v1/roster/", {"rows": [shift]}),
        Door("GET", "/exchange/", "exchange.*"),
        *(Door("GET", table, f"exchange.{t}", "", f"/exchange/{t}/") for t in TABLES),
        *(Door("POST", table, f"exchange.{t}", "", f"/exchange/{t}/") for t in TABLES),
        *(Door("GET", f"{table}template.xlsx", f"exchange.{t}", "", f"/exchange/{t}/template.xlsx") for t in TABLES),
        *(Door("GET", f"{table}export.<str:form>", f"exchange.{t}", "", f"/exchange/{t}/export.csv") for t in TABLES),
        Door("GET", upload, SEEN, "upload", "/exchange/uploads/{upload}/"),
        Door("GET", f"{upload}report.csv", SEEN, "upload", "/exchange/uploads/{upload}/report.csv"),
        Door("POST", f"{upload}apply/", "exchange.units", "upload", "/exchange/uploads/{upload}/apply/"),
    ]  # fmt: skip


def _notices() -> list[Door]:
    channel = {"unit": "310117102", "label": "值班", "url": "duty@example.org", "language": "en", "least": "blue"}
    return [
        Door("GET", "/inbox/", SIGNED_IN),
        Door("POST", "/inbox/read/", SIGNED_IN),
        Door("GET", "/inbox/unreached/", "notice.unreached"),
        Door("GET", "/channels/", "channel.manage"),
        Door("GET", "/channels/", SEEN, "channels", "/channels/?unit=310117102"),
        Door("POST", "/channels/", "channel.manage", "channels", "/channels/", channel),
        Door("POST", "/channels/<int:pk>/remove/", "channel.manage", "channels", "/channels/{channel}/remove/"),
    ]


def _drills() -> list[Door]:
    begin = {"scenario": "h2s-manhole", "speed": "60"}
    return [
        door
        for before in ("", "/api/v1")
        for door in (
            Door("GET", f"{before}/drills/", "drill.read"),
            Door("POST", f"{before}/drills/", "drill.start", "bounds", f"{before}/drills/", begin),
            Door("GET", f"{before}/drills/<int:pk>/", SEEN, "drill", f"{before}/drills/{{drill}}/"),
            Door("POST", f"{before}/drills/<int:pk>/end/", "drill.end", "drill", f"{before}/drills/{{drill}}/end/"),
        )
    ]


def _handbooks() -> list[Door]:
    book, draft = "/handbooks/<str:code>/", "/handbooks/LL-CONF-CH4/{handbook}/"
    version = f"{book}<int:number>/"
    verbs = {"submit": "CH4/{handbook}", "withdraw": "CH4/{handbook}", "publish": "O2/{laid}", "take_back": "O2/{laid}"}
    step = {"text": "通风", "loop": "small"}
    tick = "/cases/{street}/checklist/{tick}/"
    return [
        Door("GET", "/handbooks/", SIGNED_IN),
        Door("GET", book, SIGNED_IN, "", "/handbooks/LL-CONF-H2S/"),
        Door("GET", book, SEEN, "handbook", "/handbooks/LL-CONF-CH4/?version={handbook}"),
        Door("GET", f"{book}compare/", SEEN, "handbook", "/handbooks/LL-CONF-CH4/compare/?version={handbook}"),
        Door("GET", f"{book}pdf/", SEEN, "handbook", "/handbooks/LL-CONF-CH4/pdf/?version={handbook}"),
        Door("POST", f"{book}draft/", "handbook.draft", "keeping", "/handbooks/LL-CONF-H2S/draft/"),
        Door("GET", f"{version}do/<slug:verb>/", SEEN, "handbook", f"{draft}do/submit/"),
        *(
            Door("POST", f"{version}do/<slug:verb>/", f"handbook.{verb}", "handbook",
                 f"/handbooks/LL-CONF-{at}/do/{verb}/")
            for verb, at in verbs.items()
        ),
        Door("GET", f"{version}steps/new/", "handbook.steps", "handbook", f"{draft}steps/new/"),
        Door("POST", f"{version}steps/new/", "handbook.steps", "handbook", f"{draft}steps/new/", step),
        Door("GET", f"{version}steps/<int:pk>/", "handbook.steps", "handbook", f"{draft}steps/{{step}}/"),
        Door("POST", f"{version}steps/<int:pk>/", "handbook.steps", "handbook", f"{draft}steps/{{step}}/", step),
        Door("GET", "/cases/<number:number>/checklist/<int:pk>/", SEEN, "street", tick),
        Door("POST", "/cases/<number:number>/checklist/<int:pk>/", "checklist.mark", "street", tick),
        Door("GET", "/api/v1/cases/<str:number>/checklist/", SEEN, "street", "/api/v1/cases/{street}/checklist/"),
        Door("POST", "/api/v1/cases/<str:number>/checklist/<int:step>/", "checklist.mark", "street", f"/api/v1{tick}"),
    ]  # fmt: skip


DOORS: list[Door] = [
    *_public(), *_sources(), *_cases(), *_requests(), *_joint(), *_matrix(), *_handbooks(), *_rooms(), *_notices(),
    *_drills(), *_accountability(),
    *doors_firms.doors(),
    *doors_portals.portals(Door, SIGNED_IN),
]  # fmt: skip
DOORS += import_module("tests.access.doors_claims").doors()

# Each part of the insurance side has its doors in a file of its own; here, because they are made of ``Door``.
from tests.access import doors_policies  # noqa: E402

DOORS += doors_policies.doors()
from tests.access import doors_service  # noqa: E402

DOORS += doors_service.service()

# The administration is one act; these of its tables can only be looked at, whoever looks.
LOOKED_AT = {
    "alerts/alert", "alerts/reading", "cases/case", "cases/deadline", "cases/evidence", "cases/party", "cases/request",
    "cases/grant", "responsibility/duty", "responsibility/handover", "responsibility/ledgerentry",
    "responsibility/shift", "responsibility/edition", "responsibility/opinion",
}  # fmt: skip
OF_DJANGO = {
    "/admin/autocomplete/": "/admin/autocomplete/?app_label=responsibility&model_name=unit&field_name=parent&term=x",
    "/admin/^(?P<app_label>responsibility|alerts|cases)/$": "/admin/responsibility/",
    "/admin/(?P<url>.*)$": "/admin/responsibility/unit",
    "/admin/responsibility/user/<id>/password/": "/admin/responsibility/user/{user}/password/",
}
# The two have rules of their own; the third leads to the page of a row, and no row has one: 404 for the administrator.
ELSEWHERE = {"/admin/login/", "/admin/logout/", "/admin/r/<path:content_type_id>/<path:object_id>/"}


def administration(patterns: list[str], samples: dict[str, object]) -> list[Door]:
    """A door for each address of the administration; ``samples``: a row id of each table that holds any."""
    doors = []
    for pattern in patterns:
        table, _slash, what = pattern.removeprefix("/admin/").removesuffix("/").partition("/<path:object_id>/")
        added = table.removesuffix("/add")
        never = (added != table and added in LOOKED_AT) or (what == "delete" and table in LOOKED_AT)
        at = OF_DJANGO.get(pattern) or pattern.replace("<path:object_id>", str(samples.get(table, 1)))
        if pattern in ELSEWHERE:
            continue
        doors.append(Door("GET", pattern, NOBODY if never else "admin.use", "", at))
    return [*doors, Door("POST", "/admin/logout/", SIGNED_IN)]


# What each part of the insurance side adds stands in a file of its own, which speaks of ``Door``.
from tests.access import doors_findings  # noqa: E402

DOORS += [*doors_findings.findings(), *doors_findings.self_control()]
