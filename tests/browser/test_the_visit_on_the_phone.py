"""A visit is written on a phone whose connection breaks off half way: nothing is typed again, one record, one set."""

import io

import pytest
from django.utils.timezone import localtime
from PIL import Image
from playwright.sync_api import Error, Page, expect

from insurance.firms.models import Inspector
from insurance.service import ordering
from insurance.service.models import OrderState, Photo, SentPhoto, ServiceOrder, Visit
from responsibility import clock
from tests.insurance import conftest as insured
from tests.insurance.test_orders import FIRM, agreed, ask, register

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
policy = insured.policy


@pytest.fixture
def order(policy, people) -> ServiceOrder:
    register(FIRM)
    return agreed(ordering.give(ask(policy()), by=people["insurer"]), people)


def shot(colour: int) -> dict:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (colour, 80, 120)).save(content, "JPEG")
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def visit(page: Page, order: ServiceOrder) -> None:
    page.goto(f"/insurance/orders/{order.number}/visit/")
    expect(page.locator("html[data-kept]")).to_be_attached()
    expect(page.locator("#visit[data-ready]")).to_be_attached()
    # Kept whole before the way out of the connection.
    page.wait_for_function("caches.open('visits-1').then((c) => c.keys()).then((k) => k.length > 3)")


def write(page: Page) -> None:
    page.get_by_role("button", name="我已到场").tap()
    page.get_by_label("周工").check()
    page.get_by_label("做了什么").fill("逐井排查，测气合格")


def finish(page: Page) -> None:
    page.get_by_label("隐患内容").first.fill("井口无防护栏")
    page.get_by_label("隐患等级").first.select_option("major")
    page.get_by_label("读数", exact=True).first.fill("3.5")
    page.get_by_label("项目", exact=True).first.fill("硫化氢")
    page.get_by_role("button", name="现在离场").tap()


def lost(watch) -> None:
    """What failed while there was no connection is what was to be shown."""
    watch.faults[:] = [fault for fault in watch.faults if "ERR_INTERNET_DISCONNECTED" not in fault
                       and "ERR_FAILED" not in fault]  # fmt: skip


def test_a_visit_survives_the_cut_and_is_taken_once(signed_in, order, people, watch):
    page = signed_in("firm", permissions=["geolocation"], geolocation={"latitude": 31.1144, "longitude": 121.2683})
    visit(page, order)
    write(page)
    page.locator("[name=photo]").set_input_files([shot(1)])
    expect(page.locator("#visit-photos li")).to_have_count(1)
    expect(page.locator("#visit-place")).to_be_visible()
    page.context.set_offline(True)
    finish(page)
    page.locator("[name=photo]").set_input_files([shot(2)])
    expect(page.locator("#visit-photos li")).to_have_count(2)
    page.reload()
    expect(page.locator("#visit[data-ready]")).to_be_attached()
    expect(page.get_by_label("做了什么")).to_have_value("逐井排查，测气合格")
    expect(page.get_by_label("隐患内容").first).to_have_value("井口无防护栏")
    expect(page.get_by_label("周工")).to_be_checked()
    expect(page.locator("#visit-photos li")).to_have_count(2)
    expect(page.locator("#visit-state")).to_contain_text("没有网络，可以继续填写")
    page.get_by_role("button", name="签署并提交").tap()
    expect(page.locator("#visit-state")).to_contain_text("联网后自动发送")
    assert not Visit.objects.exists()
    # The page may be closed meanwhile: what was pressed is sent when it opens again.
    page.reload()
    expect(page.locator("#visit-state")).to_contain_text("联网后自动发送")
    page.context.set_offline(False)
    page.wait_for_url(f"**/insurance/orders/{order.number}/")
    expect(page.locator("#visit")).to_contain_text("井口无防护栏")
    lost(watch)
    taken = Visit.objects.get()
    assert (taken.work, len(taken.found), taken.photos.count()) == ("逐井排查，测气合格", 1, 2)
    assert (round(taken.lat, 4), taken.people.get()) == (31.1144, Inspector.objects.get())
    phone = signed_in("enterprise")
    phone.goto(f"/insurance/orders/{order.number}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_label("意见（可不填）").fill("属实")
    phone.get_by_role("button", name="确认并签署").tap()
    expect(phone.locator("#visit")).to_contain_text("被保险人签署")
    assert ServiceOrder.objects.get().state == OrderState.DONE


@pytest.mark.parametrize("how", ["signed out", "session over"])
def test_after_the_session_nobody_opens_the_kept_page_and_the_draft_waits_for_its_own_user(
    signed_in, become, order, watch, how
):
    page, address = signed_in("firm"), f"/insurance/orders/{order.number}/visit/"
    visit(page, order)
    page.get_by_label("做了什么").fill("逐井排查，测气合格")
    page.wait_for_timeout(300)
    if how == "signed out":
        page.locator("#me summary").tap()
        page.get_by_role("button", name="退出登录").tap()
    else:
        page.context.clear_cookies(name="sessionid")
        page.goto(address)
    page.wait_for_url("**/accounts/login/**")
    page.wait_for_function("caches.keys().then((k) => !k.includes('visits-1'))")
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        page.goto(address)
    page.context.set_offline(False)
    lost(watch)
    become(page, "firm")
    visit(page, order)
    expect(page.get_by_label("做了什么")).to_have_value("逐井排查，测气合格")


def test_an_answer_that_is_lost_on_its_way_makes_no_second_record(signed_in, order, watch):
    page = signed_in("firm")
    visit(page, order)
    write(page)
    page.locator("[name=photo]").set_input_files([shot(1), shot(2)])
    expect(page.locator("#visit-photos li")).to_have_count(2)
    page.get_by_role("button", name="现在离场").tap()
    seen = {"photos": 0, "visit": 0}

    def lose(route):
        """The server hears it, the phone does not hear the answer: once for a photo, once for the record."""
        what = "photos" if route.request.url.endswith("/photos/") else "visit"
        if route.request.method != "POST":
            return route.continue_()
        seen[what] += 1
        if seen[what] == 1:
            route.fetch()
            return route.abort("internetdisconnected")
        return route.continue_()

    page.route("**/photos/", lose)
    page.route("**/visit/", lose)
    page.get_by_role("button", name="签署并提交").tap()
    page.wait_for_url(f"**/insurance/orders/{order.number}/")
    lost(watch)
    assert seen == {"photos": 3, "visit": 2}
    assert Visit.objects.count() == 1
    assert Photo.objects.count() == SentPhoto.objects.count() == 2


def test_the_page_is_no_wider_than_the_phone_and_its_english_is_whole(signed_in, order):
    page = signed_in("firm", locale="en-GB")
    page.goto(f"/insurance/orders/{order.number}/visit/")
    expect(page.get_by_role("button", name="Sign and send")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_is_a_plain_form_without_scripts(signed_in, order):
    page = signed_in("firm", java_script_enabled=False)
    page.goto(f"/insurance/orders/{order.number}/visit/")
    moment = localtime(clock.now()).strftime("%Y-%m-%dT%H:%M")
    page.get_by_label("到场时间").fill(moment)
    page.get_by_label("离场时间").fill(moment)
    page.get_by_label("周工").check()
    page.get_by_label("做了什么").fill("逐井排查")
    page.locator("[name=photo]").set_input_files([shot(1), shot(2)])
    page.get_by_role("button", name="签署并提交").click()
    expect(page.locator("#visit")).to_contain_text("逐井排查")
    assert Photo.objects.count() == 2
