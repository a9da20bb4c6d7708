"""Notices for tests, and reading them as their owner does."""

from typing import Any

from httpx2 import Response

from app.mail.notices import NewNotice, post
from tests.support import Person, Shop


async def notify(shop: Shop, person: Person, *titles: str) -> list[int]:
    """The ids of new notices with these titles."""

    async def work(session: Any) -> None:
        await post(session, *(NewNotice(person.id, "restock", title, "Body", "/shop/books/1") for title in titles))

    await shop.app.state.database.transaction(work)
    rows = await shop.rows("SELECT id FROM notices WHERE user_id = :user ORDER BY id", user=person.id)
    return [row.id for row in rows][-len(titles) :]


async def inbox(shop: Shop, person: Person, **query: Any) -> Response:
    answer = await shop.client.get("/notifications", headers=person.headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def notices(shop: Shop, person: Person, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await inbox(shop, person, **query)).json()["items"]
    return items


async def unread(shop: Shop, person: Person) -> int:
    answer = await shop.client.get("/notifications/unread-count", headers=person.headers)
    assert answer.status_code == 200
    assert set(answer.json()) == {"unread_count"}
    number: int = answer.json()["unread_count"]
    return number


async def read(shop: Shop, person: Person, notice: object) -> Response:
    return await shop.client.post(f"/notifications/{notice}/read", headers=person.headers)


async def read_all(shop: Shop, person: Person) -> Response:
    return await shop.client.post("/notifications/read-all", headers=person.headers)
