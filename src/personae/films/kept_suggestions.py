"""Who the people without a name may be, kept up to date: to find it of thousands takes seconds, and nobody waits.

Who asks meanwhile gets the people of now, with what was suggested to them before.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from personae.cast.trained import TrainedModel
from personae.films.seen_people import Shown
from personae.films.suggesting import most, suggested
from personae.films.unknown_person import Part, Suggestion, UnknownPerson
from personae.per_object import same_objects

MANY = 1000
"""So many people are compared with each other in a moment; with fewer it is waited for."""
QUIET_S = 1.0
"""So long nothing has changed when it is found anew: who answers one question after another is not slowed down."""
LATEST_S = 10.0
"""Then it is, whatever changes."""
REMEMBERED = 200
"""So many who were named or set aside are known with their suggestions: that may be taken back."""
_Key = tuple[str, str, int]


class KeptSuggestions:
    """See `suggested`. Safe to use from several threads."""

    def __init__(self) -> None:
        self.made = 0
        """How often something was found while nobody waited: whoever shows it reads it again then."""
        self._lock = threading.Lock()
        self._state: tuple[object, ...] = ()
        self._found: list[UnknownPerson] = []
        self._names: set[str | None] = set()
        self._patched: tuple[tuple[object, ...], list[UnknownPerson]] = ((), [])
        self._gone: OrderedDict[_Key, UnknownPerson] = OrderedDict()
        self._wanted: tuple[list[Shown], TrainedModel] | None = None
        self._changed_at = 0.0
        self._thread: threading.Thread | None = None

    def now(self, shown: Sequence[Shown], model: TrainedModel, *, exact: bool) -> list[UnknownPerson]:
        """The people of `shown`. Unless `exact`, where it takes long, with suggestions of some seconds ago."""
        state = (model, *shown)
        with self._lock:
            if same_objects(self._state, state):
                return self._found
            if exact or not self._state or len(self._found) < MANY:
                self._keep(state, suggested(shown, model))
                return self._found
            if not same_objects(self._patched[0], state):
                before = self._patched[1] if self._patched[0] else self._found
                self._patched = state, self._of_now(before, shown, model)
                self._find_soon(shown, model)
            return self._patched[1]

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._state, self._found, self._patched, self._wanted = (), [], ((), []), None
            self._gone.clear()

    def _keep(self, state: tuple[object, ...], found: list[UnknownPerson]) -> None:
        self._state, self._found, self._patched = state, found, ((), [])

    def _of_now(
        self, before: Sequence[UnknownPerson], shown: Sequence[Shown], model: TrainedModel
    ) -> list[UnknownPerson]:
        """Those of `before` who are still there, each the very same where nothing of it has changed, and who is new."""
        fresh = {_key(part): part for one in shown for part in one.parts if part is not None}
        names = {key[0] for one in shown for key in one.keys} | set(
            () if model.model is None else map(str, model.model.classes_)
        )
        if not self._names <= names:  # somebody was forgotten, or is called otherwise
            self._gone.clear()
        self._names = names
        found, known = [], set[_Key]()
        for person in before:
            keys = [_key(part) for part in person.parts]
            own = tuple(fresh[key] for key in keys if key in fresh)
            known.update(keys)
            if len(own) < len(keys):
                self._remember(keys, person)
            if own:
                found.append(_as_of_now(person, own, fresh, names))
        for key, part in fresh.items():
            if key not in known:
                earlier = self._gone.get(key)
                person = UnknownPerson((part,), () if earlier is None else earlier.suggestions)
                found.append(_as_of_now(person, (part,), fresh, names))
        return found

    def _remember(self, keys: Sequence[_Key], person: UnknownPerson) -> None:
        for key in keys:
            self._gone[key] = person
            self._gone.move_to_end(key)
        while len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def _find_soon(self, shown: Sequence[Shown], model: TrainedModel) -> None:
        """The caller holds the lock."""
        self._wanted, self._changed_at = (list(shown), model), time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._find, name="personae-suggestions", daemon=True)
            self._thread.start()

    def _find(self) -> None:
        asked_at = time.monotonic()
        while True:
            time.sleep(QUIET_S / 4)
            with self._lock:
                now = time.monotonic()
                wanted = self._wanted
                if wanted is None:
                    self._thread = None
                    return
                if now - self._changed_at < QUIET_S and now - asked_at < LATEST_S:
                    continue
                self._wanted = None
            found = suggested(*wanted)
            with self._lock:
                # What has changed since is patched, and found again, at the next asking.
                self._keep((wanted[1], *wanted[0]), found)
                asked_at = time.monotonic()
                self.made += 1


def _as_of_now(
    person: UnknownPerson, own: tuple[Part, ...], fresh: dict[_Key, Part], names: set[str | None]
) -> UnknownPerson:
    suggestions = tuple(each for one in person.suggestions if (each := _suggestion(one, fresh, names)) is not None)
    if same_objects(own, person.parts) and same_objects(suggestions, person.suggestions):
        return person
    return UnknownPerson(tuple(sorted(own, key=most)), suggestions)


def _suggestion(one: Suggestion, fresh: dict[_Key, Part], names: set[str | None]) -> Suggestion | None:
    """As it can be said now; None for a name that nobody has any more, and for somebody who is open no more."""
    if one.other is None:
        return one if one.character in names else None
    part = fresh.get(_key(one.other))
    return None if part is None else one if part is one.other else replace(one, other=part)


def _key(part: Part) -> _Key:
    return part.kind, part.medium, part.unknown
