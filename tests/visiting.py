"""The page in a real browser: the articles that its tests are about, and how it is visited and asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, expect

LIGHTHOUSE = """---
title: "The keeper who stayed: Brannock light turns 150"
source: Harbour Gazette
author: Oona Pell
published: 2023-04-17
url: https://gazette.example/brannock-light
---
The lighthouse at Brannock Point was first lit in 1873, and it has not missed a night since. Its lamp now runs on
batteries charged by six solar panels on the old coal shed.

The last keeper retired in 1994 but never left. He still climbs the 142 steps of the tower every morning to wipe the
salt from the panes. The trust that owns it needs a new door, said its treasurer, and Mabel Orr, a retired glazier,
will make it.
"""
BEES = """---
title: Bees find their way home without the sun
author: Clippings
published: 2021-09-30
digest_of:
  title: Landmarks guide the honeybee
  source: Meadow & Field
  author: Rosa Quint
  url: https://meadow.example/bees
---
A team at the Ardley institute moved 220 tagged honeybees a mile from their hives under thick cloud. Nine in ten were
back within three hours, and the team puts it down to hedgerows, which the bees follow as people follow roads.
"""
HOSTILE = """---
title: <script>window.pwned=1</script> & <img src=x onerror=window.pwned=1>
source: '"><svg onload=window.pwned=1>'
---
The hostile template says ${window.pwned=1} and {{value}} and $x^2$ and
<script>window.pwned=1</script> and <img src=x onerror="window.pwned=1"> and &lt;b&gt; </textarea></section><!--
"""
WALKOUT = """---
title: Workers walk out of the Halmar quarry
source: Northern Post
author: Ilse Brandt
published: 2019-04-09
---
Forty workers of the Halmar quarry went on strike on Monday because their wages had not been paid since January. The
owner, Roald Teig, said that the bank had frozen the company's account.
"""
GROWN = """---
title: The strike at Halmar grows
author: Clippings
published: 2019-05-23
digest_of:
  title: Slate runs short
  source: County Gazette
  author: Oskar Lund
---
Sixty workers of the Halmar quarry are now on strike, according to their union, and the owner has stopped answering the
telephone. Builders in three towns have sent their roofers home, since there is no slate left to lay.
"""
LETTER = """A letter from Halmar

Only a dozen workers of the Halmar quarry are on strike, whatever the papers print. The rest of us would gladly work.
"""
FERRY = """The night ferry to Ostrel

The night ferry between Lund Haven and Ostrel returns on 7 June after a gap of eleven years. Cabins cost 96 crowns.
"""

STRIKE = "How many workers of the Halmar quarry are on strike?"
LATEST = "What is the latest on the strike at the Halmar quarry in April 2019?"


@contextmanager
def visiting(
    browser: Browser, address: str, width: int = 1280, theme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """A new visitor's page, once it is there."""
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_label("Your question")).to_be_visible(timeout=20_000)
        yield page


def ask(page: Page, question: str) -> None:
    """Type a question, and press Enter."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
