"""Invented names, which say so: every surname means "example", every queue is a demo's."""

from __future__ import annotations

SPANISH = [
    f"{name} Ejemplo"
    for name in (
        *("Andrés", "Beatriz", "Camilo", "Daniela", "Esteban"),
        *("Fabiola", "Germán", "Inés", "Julián", "Lucía"),
    )
]

QUEUES_PT = ("Demo Vendas", "Demo Suporte", "Demo Cobrança")
QUEUES_ES = ("Demo Ventas", "Demo Soporte", "Demo Cobranza")
