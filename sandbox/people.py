"""Made-up Indonesian and Japanese people, places and words.

Faker fills small pools once; records draw from the pools, because a hundred thousand calls to Faker would take minutes.
Mail addresses stand in domains that are reserved for examples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from faker import Faker

from sandbox.draws import Draw

_POOL = 150
_NOT_IN_MAIL = re.compile(r"[^a-z0-9.]")


@dataclass(frozen=True, slots=True)
class JapaneseName:
    """One part of a name in its three spellings."""

    written: str
    kana: str
    latin: str


class People:
    """The pools of both countries."""

    def __init__(self, seed: int) -> None:
        indonesia, japan = Faker("id_ID"), Faker("ja_JP")
        indonesia.seed_instance(seed)
        japan.seed_instance(seed)
        self.indonesian_names = {
            1: [f"{indonesia.first_name_male()} {indonesia.last_name()}" for _ in range(_POOL)],
            2: [f"{indonesia.first_name_female()} {indonesia.last_name()}" for _ in range(_POOL)],
        }
        self.indonesian_cities = [indonesia.city() for _ in range(60)]
        self.indonesian_addresses = [indonesia.address().replace("\n", ", ") for _ in range(_POOL)]
        self.indonesian_jobs = [indonesia.job() for _ in range(80)]
        self.indonesian_companies = [indonesia.company() for _ in range(40)]
        self.last_names = [JapaneseName(*japan.last_name_pair()) for _ in range(_POOL)]
        self.first_names = [JapaneseName(*japan.first_name_pair()) for _ in range(_POOL)]
        self.japanese_addresses = [japan.address() for _ in range(_POOL)]
        self.japanese_companies = [japan.company() for _ in range(60)]
        self.japanese_jobs = [japan.job() for _ in range(60)]
        self.japanese_phones = [japan.phone_number() for _ in range(_POOL)]

    def indonesian(self, draw: Draw) -> tuple[str, int]:
        """A full name and Talentics' gender (1 male, 2 female)."""
        gender = draw.between(1, 2)
        return draw.pick(self.indonesian_names[gender]), gender

    def japanese(self, draw: Draw) -> tuple[JapaneseName, JapaneseName]:
        """Family name and given name."""
        return draw.pick(self.last_names), draw.pick(self.first_names)


@lru_cache(maxsize=8)
def people_of(seed: int) -> People:
    """The pools of a seed; filled once in a process, as nobody changes them."""
    return People(seed)


def mail(name: str, number: int, domain: str = "example.com") -> str:
    """An address of this person; the number keeps namesakes apart."""
    local = _NOT_IN_MAIL.sub("", name.lower().replace(" ", "."))
    return f"{local}.{number}@{domain}"
