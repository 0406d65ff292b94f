"""The pages of the matrix and of its editions."""
import pytest
pytestmark = pytest.mark.django_db
from responsibility import editions
from responsibility.editions import Row


def test_smoke(client, people):
    client.force_login(people["anwei-office"])
    for a in ["/matrix/", "/matrix/?scenario=industrial+enterprise&at=2026-11-21T09:00","/matrix/cell/?category=LL-CONF-H2S&role=lead", "/matrix/owner/", "/matrix/owner/?category=LL-CONF-H2S&scenario=industrial+enterprise&lat=31.1144&lon=121.2683", "/matrix/owner/?category=LL-CONF-H2S&lat=1&lon=", "/matrix/editions/", "/matrix/editions/1/", "/matrix/editions/1/compare/", "/matrix/editions/1/opinions/", "/api/v1/matrix/editions/", "/api/v1/matrix/editions/1/"]:
        r = client.get(a)
        print(a, r.status_code, len(r.content))
    r = client.post("/matrix/editions/", {"title": "第二版"})
    print(r, r.get("Location"))
    e = editions.Edition.objects.get(number=2)
    made = editions.put(e.pk, [Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-YJ", basis="")], by=people["anwei-office"])
    for a in ["/matrix/editions/2/", "/matrix/editions/2/rows/new/", f"/matrix/editions/2/rows/{made[0].pk}/", "/matrix/editions/2/compare/", "/api/v1/matrix/editions/2/"]:
        r = client.get(a); print(a, r.status_code, len(r.content))
    assert 0
