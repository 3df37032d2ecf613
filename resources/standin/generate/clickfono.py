"""Clickfono: one request lives through queue, attempts and retries, up to three of them.

What comes out of hours waits until nine, on the next day if need be: `call_at` moves with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from resources.standin.answer import Record
from resources.standin.generate.day import Draft, Place
from resources.standin.generate.names import QUEUES_ES, SPANISH

OPENS, CLOSES = time(9), time(20)
RETRY_AFTER = timedelta(minutes=12)
SOON, RING = timedelta(seconds=20), timedelta(seconds=25)


def rows(_report: str, call: Draft, place: Place, now: datetime) -> list[Record]:
    asked = call.start.astimezone(place.zone)
    if call.luck[0] < 0.02:
        return [_record(call, place, State("SPAM", asked))]
    if OPENS <= asked.time() < CLOSES:
        first = asked + timedelta(seconds=15 + 60 * call.luck[1])
        waiting = "En cola"
    else:
        days = 1 if asked.time() >= CLOSES else 0
        first = datetime.combine(asked.date() + timedelta(days=days), OPENS, place.zone)
        first += timedelta(minutes=30 * call.luck[1])
        waiting = "Fuera de horario"
        if call.luck[2] < 0.5:
            return [_record(call, place, State(waiting, asked))]
    if now < first:
        return [_record(call, place, State(waiting, asked, enqueued=True))]
    return [_attempt(call, place, now, first)]


def _attempt(call: Draft, place: Place, now: datetime, first: datetime) -> Record:
    """The attempt that is running, or the latest that has ended."""
    attempts = 1 + int(call.luck[3] * 3) if call.talk_s else 3
    talk = timedelta(seconds=call.talk_s)
    for number in range(1, attempts + 1):
        at = first + (number - 1) * RETRY_AFTER
        is_last, connects = number == attempts, bool(call.talk_s) and number == attempts
        if now < at + SOON:
            return _record(call, place, State("Por ejecutar", at, number, enqueued=True))
        if now < at + SOON + RING + (talk if connects else timedelta(0)):
            return _record(call, place, State("En ejecución", at, number))
        if connects:
            return _record(call, place, State("Conectada", at, number, talk_s=call.talk_s))
        if not is_last and now < at + RETRY_AFTER:
            return _record(call, place, State("No Conectada", at, number, enqueued=True))
    status = "No Conectada" if call.luck[4] < 0.3 else "Intentos terminados"
    return _record(call, place, State(status, first + (attempts - 1) * RETRY_AFTER, attempts))


@dataclass(frozen=True, slots=True)
class State:
    """Where a request has got to."""

    status: str
    at: datetime
    retry: int = 1
    talk_s: int = 0
    enqueued: bool = False


def _record(call: Draft, place: Place, state: State) -> Record:
    popup = QUEUES_ES[call.queue]
    person = SPANISH[int(call.luck[5] * len(SPANISH))]
    return {
        "uuid": uuid5(NAMESPACE_URL, f"{place.seed}/{call.number}").hex,
        "status": state.status,
        "call_number_company": f"5622555{call.queue:04}",
        "retry": str(state.retry),
        "duration_company": str(state.talk_s + RING.seconds if state.talk_s else 0),
        "duration_customer": str(state.talk_s),
        "call_at": state.at.astimezone(place.zone).strftime("%Y/%m/%d %H:%M:%S %z"),
        "enqueued": state.enqueued,
        "popup_uuid": f"0000000{call.queue}-0000-11e9-b8f9-0000000de300",
        "popup_name": popup,
        "additionals": {"Nombre": person, "Rut": "11.111.111-1"},
        "caller_number": call.number_of("+5695"),
    }
