"""How fast provisioned pollers are (services-sqs-scaling): a megabyte and ten polls a second each."""

from app.core.limits import MIB
from app.core.mappings.poller_rate import PollerRate
from tests.core.stage import NOON


def test_ten_polls_a_second_each() -> None:
    rate = PollerRate(MIB, 10)

    for _ in range(19):
        rate.take(1, pollers=2, now=NOON)
    before = rate.free_at(pollers=2, now=NOON)
    rate.take(1, pollers=2, now=NOON)

    assert (before, rate.free_at(pollers=2, now=NOON)) == (NOON, NOON + 1)
    rate.take(1, pollers=2, now=NOON + 1)
    assert rate.free_at(pollers=2, now=NOON + 1) == NOON + 51


def test_a_megabyte_a_second_each() -> None:
    rate = PollerRate(MIB, 10)

    rate.take(3 * MIB, pollers=2, now=NOON)

    assert rate.free_at(pollers=2, now=NOON) == NOON + 501
    assert rate.free_at(pollers=2, now=NOON + 501) == NOON + 501


def test_looking_often_changes_nothing() -> None:
    often, seldom = PollerRate(MIB, 10), PollerRate(MIB, 10)
    for rate in (often, seldom):
        rate.take(5 * MIB, pollers=1, now=NOON)

    for moment in range(1_000):
        often.free_at(pollers=1, now=NOON + moment)

    assert often.free_at(pollers=1, now=NOON + 1_000) == seldom.free_at(pollers=1, now=NOON + 1_000)
