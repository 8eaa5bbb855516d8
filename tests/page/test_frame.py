"""What stands around every view, and that every view is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from personae.server.page_addresses import VIEWS
from tests.page.conftest import Site


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_view_is_drawn_without_an_error(view: str, site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, view)
    tab.locator("main > :not([aria-busy])").first.wait_for()
    tab.wait_for_timeout(300)
    assert tab.url == f"{site.address}/{view}" or tab.url.startswith(f"{site.address}/{view}/")
    assert not tab.wrong
