"""What each role may do stands in one table, and nothing is done beside it."""

from __future__ import annotations

from fastapi.routing import APIRoute

from personae.server.app import ROUTERS
from personae.server.asking import _caller
from personae.server.roles import MAY
from tests.server.conftest import API, Served


def test_every_route_stands_in_the_table_and_looks_into_it() -> None:
    routes = {
        route.name: route
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.name != "get_health"
    }
    assert routes.keys() == MAY.keys()
    for route in routes.values():
        calls = [each.call for each in route.dependant.dependencies]
        assert _caller in calls, route.name


def test_a_viewer_neither_changes_anything_nor_sees_strangers(served: Served) -> None:
    viewer = served.as_role("viewer")
    assert viewer.get(f"{API}/characters").status_code == 200
    for method, path in (("POST", "/characters"), ("GET", "/people"), ("POST", "/forget"), ("POST", "/train")):
        answer = viewer.request(method, f"{API}{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "role"), path
