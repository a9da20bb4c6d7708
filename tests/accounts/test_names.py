"""Display names: nothing invisible, and nobody poses as staff."""

import pytest

from app.accounts.models import UserRole
from app.accounts.names import shown_name
from tests.support import Shop, assert_problem

INVISIBLE = [
    "\u202eadA",
    "Ada\u2066",
    "Ada\u200f",
    "A\u200bda",
    "A\u200dda",
    "Ada\ufeff",
    "A\u00adda",
    "A\u2060da",
    "\u3164",
    "\u2800\u2800",
    "Ada\ufe0f",
    "Ada\U000e0041",
    "A\u034fda",
    "A\u2028da",
]
POSING = [
    "Admin",
    "ADMINISTRATOR",
    "a d m i n",
    "a-d-m-i-n",
    "Adm1n",
    "@dmin",
    "\u0410dmin",  # Cyrillic
    "ADMI\u039d",  # Greek
    "\uff21\uff24\uff2d\uff29\uff2e",  # full width
    "M\u00f6d\u00e9rator",
    "admin 2",
    "The Bookstore",
    "B00kstore Support",
    "Official Bookstore Team",
    "$taff",
    "Owner",
    "Ann (Moderator)",
    "Customer Service",
]
HONEST = [
    "Ada",
    "Leopold Staff",
    "Ann Owner",
    "Badminton",
    "Supporter",
    "Shop",
    "\U0001f4da",
    "\u2764\ufe0f books",
    "Администратова Анна",
    "\u05d0\u05d1\u05d2",
    "Mod\u00e9",
]


async def named(shop: Shop, name: str, role: UserRole = UserRole.USER):
    person = await shop.person(role=role)
    return await shop.client.patch("/auth/me", headers=person.headers, json={"display_name": name})


async def registered(shop: Shop, name: str):
    body = {"email": "a@example.com", "password": "long enough", "display_name": name}
    return await shop.client.post("/auth/register", json=body)


@pytest.mark.parametrize("set_it", [named, registered])
@pytest.mark.parametrize("name", INVISIBLE + POSING)
async def test_it_is_refused(shop: Shop, set_it, name: str):
    """Seen to fail with `no_invisible_characters` taken out, and `poses_as_staff` out of each."""
    assert_problem(await set_it(shop, name), 422, "VALIDATION_ERROR", "display_name")


@pytest.mark.parametrize("set_it", [named, registered])
@pytest.mark.parametrize("name", HONEST)
async def test_it_is_taken(shop: Shop, set_it, name: str):
    answer = await set_it(shop, name)
    assert answer.is_success, answer.text


async def test_the_answer_is_that_of_an_input_that_is_not_valid(shop: Shop):
    errors = (await named(shop, "Admin")).json()["errors"]
    assert errors == [{"loc": ["body", "display_name"], "msg": errors[0]["msg"], "type": "value_error"}]
    assert "staff" in errors[0]["msg"]


async def test_the_shop_has_its_own_name_for_itself(shop: Shop):
    shop.app.state.outbox.shop_name = "Reader's Corner"
    assert_problem(await named(shop, "readers corner support"), 422, "VALIDATION_ERROR", "display_name")
    assert (await named(shop, "Corner")).status_code == 200


async def test_staff_may_say_so(shop: Shop):
    """Seen to fail with the look at the role taken out."""
    answer = await named(shop, "Bookstore Support", role=UserRole.ADMIN)
    assert answer.json()["display_name"] == "Bookstore Support"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("\u202eadA\u202c", "adA"), ("\u200b", "Reader 7"), ("Admin", "Reader 7"), ("Ada", "Ada"), (None, "Reader 7")],
)
def test_names_that_were_kept_before(kept: str | None, shown: str):
    assert shown_name(7, kept) == shown
    assert shown_name(7, "Admin", is_staff=True) == "Admin"


async def test_reviews_show_no_name_that_would_be_refused_today(shop: Shop):
    """Seen to fail with the name as its row says."""
    names = {}
    for kept, role in (("Admin", UserRole.USER), ("Bookstore", UserRole.ADMIN), ("\u202eadA", UserRole.USER)):
        person, book = await shop.person(display_name=kept, role=role), await shop.book()
        await shop.add_to_cart(person, book)
        assert (await shop.checkout(person)).status_code == 201
        review = await shop.client.post(f"/books/{book}/reviews", headers=person.headers, json={"rating": 5})
        names[kept] = review.json()["author"]["display_name"].replace(str(person.id), "N")
        listed = (await shop.client.get(f"/books/{book}/reviews")).json()["items"][0]
        assert listed["author"] == review.json()["author"]
        assert (await shop.client.get("/auth/me", headers=person.headers)).json()["display_name"] == listed["author"][
            "display_name"
        ]
    assert names == {"Admin": "Reader N", "Bookstore": "Bookstore", "\u202eadA": "adA"}
