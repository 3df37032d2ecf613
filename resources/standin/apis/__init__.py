"""The five APIs, each read from its vendor's own document and from nothing else in Callhouse."""

from __future__ import annotations

from resources.standin.apis import clickfono, conpeek, evolux, vono, wolkvox

APIS = {
    "evolux": evolux.API,
    "conpeek": conpeek.API,
    "clickfono": clickfono.API,
    "wolkvox": wolkvox.API,
    "vono": vono.API,
}
