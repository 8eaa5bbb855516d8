"""What each role may do stands in one table, and nothing is done beside it."""

from __future__ import annotations

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from personae.server.app import ROUTERS
from personae.server.asking import _caller
from personae.server.keys import ROLES
from personae.server.openapi import operations
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


def test_every_route_wants_a_key_and_its_role(served: Served) -> None:
    document = served.client.get(f"{API}/openapi.json").json()
    nobody = TestClient(served.app, base_url="http://127.0.0.1:8765")
    clients = {role: served.as_role(role) for role in ROLES}
    for where, operation in operations(document):
        name, (method, _, path) = operation["operationId"], where.partition(" ")
        if name in ("get_health", "follow_events"):
            continue
        assert nobody.request(method, path).status_code == 401, where
        for role in ROLES:
            status = clients[role].request(method, path).status_code
            assert (status == 403) == (ROLES.index(role) < ROLES.index(MAY[name])), (where, role, status)
