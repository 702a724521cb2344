"""The page's parts: what it says (``html``) and how it looks (``theme``); ``ui.py`` is the plan."""
