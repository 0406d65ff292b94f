"""The inbox: what one was told, counted in every page's head, and answered by nothing."""

import pytest

from notices.models import Message
from tests.cases.conftest import alert

pytestmark = pytest.mark.django_db
HERE = {"lat": 31.1144, "lon": 121.2683}


def test_the_head_of_every_page_counts_what_is_unread(open_case, tell, people, client):
    client.force_login(people["sijing-duty"])
    assert 'class="unread"' not in client.get("/").content.decode()
    open_case()
    tell()
    assert '<b class="unread">1<' in client.get("/").content.decode()
    newest = Message.objects.latest("pk").pk
    assert client.post("/inbox/read/", {"upto": newest}).status_code == 302
    assert 'class="unread"' not in client.get("/").content.decode()


def test_one_reads_one_s_own(open_case, tell, people, client):
    open_case()
    tell()
    client.force_login(people["sijing-head"])
    assert "没有消息" in client.get("/inbox/").content.decode()
    client.post("/inbox/read/", {"upto": "99999999"})
    assert Message.objects.filter(read_at__isnull=True).count() == 1


def test_the_sentence_leads_to_the_case_and_says_what_is_asked(open_case, tell, people, client):
    case = open_case()
    tell()
    client.force_login(people["sijing-duty"])
    page = client.get("/inbox/").content.decode()
    assert f'<a href="/cases/{case.number}/">{case.number} {case.title}</a></p><p>' in page
    assert "请签收。" in page


def test_an_inbox_of_many_costs_what_one_of_few_costs(send, tell, people, client, statements):
    client.force_login(people["sijing-duty"])

    def visit(count: int) -> int:
        for number in range(count):
            send(alert(object=f"I-{count}-{number}", location=HERE))
            tell()
        client.get("/inbox/")
        return statements(lambda: client.get("/inbox/"))

    assert visit(1) == visit(35)
    assert "before=" in client.get("/inbox/").content.decode()


@pytest.mark.parametrize("asked", ["?before=x", "?before=-1", "?before=99999999999999999999", "?before="])
def test_a_wrong_place_in_the_inbox_is_the_beginning(people, client, asked):
    client.force_login(people["sijing-duty"])
    assert client.get(f"/inbox/{asked}").status_code == 200
    assert client.post("/inbox/read/", {"upto": asked}).status_code == 302


def test_a_bundle_shows_its_gravest_and_leads_to_all_of_it(send, tell, people, client):
    for number in range(12):
        send(alert(object=f"I-{number}", location=HERE, grade="red" if number == 11 else "yellow"))
    tell()
    client.force_login(people["sijing-duty"])
    [message] = Message.objects.filter(person=people["sijing-duty"])
    page = client.get("/inbox/").content.decode()
    assert page.count('<a href="/cases/') == 8
    assert page.index('class="grade red"') < page.index('class="grade yellow"')
    assert f'href="?message={message.pk}"' in page
    whole = client.get(f"/inbox/?message={message.pk}").content.decode()
    assert whole.count('<a href="/cases/') == message.count
    client.force_login(people["shuiwu-duty"])
    assert '<a href="/cases/' not in client.get(f"/inbox/?message={message.pk}").content.decode()
