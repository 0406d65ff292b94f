"""The ways outside: set up by who is in command, told in the ledger, their addresses to nobody."""

import pytest

from notices import channels, transports
from notices.models import Channel
from responsibility import ledger
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid

pytestmark = pytest.mark.django_db
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"
DINGTALK = f"dingtalk://{SECRET}"


def test_an_address_is_never_shown_nor_told_nor_logged(client, people, unit, caplog):
    client.force_login(people["sijing-head"])
    form = {"unit": "310117102", "label": "群", "url": DINGTALK, "language": "zh-hans", "least": "blue"}
    assert client.post("/channels/", form).status_code == 303
    assert Channel.objects.get().url == DINGTALK
    pages = [client.get("/channels/"), client.post("/channels/", form | {"label": ""})]
    assert [page.status_code for page in pages] == [200, 400]
    assert all(SECRET not in page.content.decode() for page in pages)
    entry = LedgerEntry.objects.get(verb="channel.add")
    assert SECRET not in ledger.canonical(entry).decode()
    assert SECRET not in caplog.text
    assert list(channels.mismatches()) == []


def test_a_removed_channel_forgets_its_address(client, people, add_channel):
    channel = add_channel()
    client.force_login(people["sijing-head"])
    assert client.post(f"/channels/{channel.pk}/remove/").status_code == 303
    channel.refresh_from_db()
    assert (channel.url, channel.removed_at is None) == ("", False)
    channels.remove(channel.pk, by=people["admin"])
    assert LedgerEntry.objects.filter(verb="channel.remove").count() == 1
    assert list(channels.mismatches()) == []


def test_a_channel_changed_by_hand_is_found(add_channel):
    channel = add_channel()
    Channel.objects.filter(pk=channel.pk).update(label="别的")
    assert [fault.field for fault in channels.mismatches()] == ["channel"]


EVERYBODY = {
    "sijing-head": 200, "sijing-duty": 403, "jiuting-duty": 403, "shuiwu-head": 404, "chengyun-lead": 403,
    "admin": 200, "insurer": 403, "enterprise": 403, "auditor": 403,
}  # fmt: skip


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_who_is_in_command_sees_and_sets_up_the_channels_of_a_unit(client, people, add_channel, unit, name):
    channel = add_channel()
    client.force_login(people[name])
    assert client.get("/channels/?unit=310117102").status_code == EVERYBODY[name]
    if EVERYBODY[name] != 200:
        assert client.post(f"/channels/{channel.pk}/remove/").status_code == EVERYBODY[name]
        with pytest.raises(Forbidden):
            channels.add(unit().pk, channels.Wish(label="x", url="a@example.org"), by=people[name])


def test_who_reads_all_sees_what_reached_nobody(client, people):
    for name, status in {"chengyun-lead": 200, "admin": 200, "sijing-head": 403, "insurer": 403}.items():
        client.force_login(people[name])
        assert client.get("/inbox/unreached/").status_code == status, name
        assert client.get("/inbox/").status_code == 200, name


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "required"),
        ("x" * 1001, "required"),
        ("not an address", "bad_url"),
        ("file:///etc/passwd", "bad_scheme"),
        ("syslog://", "bad_scheme"),
        ("json://127.0.0.1:5432/", "bad_scheme"),
        ("smseagles://tok@10.0.0.1/13900000000", "bad_host"),
        ("dingtalk://", "bad_url"),
        (f"{DINGTALK}?verify=no", "bad_url"),
        (f"{DINGTALK}\x00", "required"),
        ("dingtalk://[", "bad_url"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused_without_repeating_it(people, unit, url, code):
    with pytest.raises(Invalid) as refusal:
        channels.add(unit().pk, channels.Wish(label="x", url=url), by=people["sijing-head"])
    assert refusal.value.code == code
    assert not url or url not in str(refusal.value.detail)


def test_webhooks_go_to_the_hosts_that_the_installation_names(people, unit, settings):
    settings.NOTICE_HOSTS = ["hooks.example.org"]
    wish = channels.Wish(label="x", url="jsons://hooks.example.org/path")
    assert channels.add(unit().pk, wish, by=people["sijing-head"]).kind == "jsons"
    with pytest.raises(Invalid, match="bad_host"):
        channels.add(unit().pk, channels.Wish(label="x", url="json://localhost/"), by=people["sijing-head"])


@pytest.mark.parametrize(
    "wish",
    [
        {"language": "fr"},
        {"least": "mauve"},
        {"post_id": 999_999_999},
        {"label": ""},
        {"label": "x" * 101},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(people, unit, wish):
    wish = {"label": "x", "url": "a@example.org"} | wish
    with pytest.raises(Invalid):
        channels.add(unit().pk, channels.Wish(**wish), by=people["sijing-head"])


@pytest.mark.parametrize(
    "hours",
    [
        {"quiet_from": "22:00"},
        {"quiet_from": "22:00", "quiet_until": "22:00"},
        {"quiet_from": "25:00"},
        {"quiet_until": "x"},
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(client, people, hours):
    client.force_login(people["sijing-head"])
    form = {"unit": "310117102", "label": "x", "url": "a@example.org", "language": "en", "least": "blue"}
    assert client.post("/channels/", form | hours).status_code == 400


def test_without_a_mail_server_no_mail_is_promised(people, unit, settings):
    settings.NOTICES_SEND, settings.EMAIL_CONFIGURED = True, False
    with pytest.raises(Invalid, match="no_mail_server"):
        channels.add(unit().pk, channels.Wish(label="x", url="a@example.org"), by=people["sijing-head"])


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://0123abcd-0123-0123-0123-0123456789ab",
        DINGTALK,
        "feishu://0123abcd-0123-0123-0123-0123456789ab",
        "lark://0123abcd-0123-0123-0123-0123456789ab",
    ],
)
def test_the_usual_chats_are_understood_and_wait_for_nobody_for_long(url):
    speaker = transports.plugin(url)
    assert speaker is not None
    assert speaker.request_timeout == (transports.CONNECT_SECONDS, transports.READ_SECONDS)
    assert speaker.verify_certificate


def test_a_server_that_takes_nothing_is_a_failure_that_names_no_address(settings):
    settings.NOTICES_SEND = True
    with pytest.raises(transports.NotSent) as failure:
        transports.send("json", "json://127.0.0.1:9/secret-path", "x", "s", "b", "k")
    assert "secret-path" not in str(failure.value)
