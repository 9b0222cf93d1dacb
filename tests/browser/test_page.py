"""The page in a real browser, found by what a person sees: headings, labels, buttons."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.slow]

_PATIENCE_S = 20


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving() as running:
        yield running


def section(browser: webdriver.Chrome, heading: str) -> WebElement:
    return browser.find_element(By.XPATH, f"//section[.//h2[normalize-space()='{heading}']]")


def button(within: WebElement, name: str) -> WebElement:
    return within.find_element(By.XPATH, f".//button[normalize-space()='{name}']")


def wait_until(browser: webdriver.Chrome, is_so: Callable[[], bool]) -> None:
    """The page redraws itself: what was found a moment ago may be gone."""
    waiting = WebDriverWait(browser, _PATIENCE_S, 0.05, ignored_exceptions=[StaleElementReferenceException])
    waiting.until(lambda _: is_so())


def wait_for(browser: webdriver.Chrome, heading: str, text: str) -> None:
    wait_until(browser, lambda: text in section(browser, heading).text)


def test_a_dead_letter_is_made_read_edited_and_redriven(browser: webdriver.Chrome, service: Serving) -> None:
    service.post("queues/orders/messages", {"body": "poison"})

    browser.get(service.url)
    assert Path(browser.current_url).name == "_triggerfish"
    wait_for(browser, "Functions", "worker")
    wait_for(browser, "Queues", "orders-dlq")
    button(section(browser, "Clock"), "Advance").click()
    wait_for(browser, "Clock", "2026-11-21 12:10:00")
    wait_for(browser, "Dead-letter queues", "orders-dlq: 1 message")

    letters = section(browser, "Dead-letter queues")
    letters.find_element(By.XPATH, ".//summary[contains(., 'orders-dlq')]").click()
    wait_for(browser, "Dead-letter queues", "received 2 times")
    section(browser, "Dead-letter queues").find_element(By.XPATH, ".//summary[contains(., 'received')]").click()
    wait_for(browser, "Dead-letter queues", "attempt 2 by worker")
    body = section(browser, "Dead-letter queues").find_element(By.XPATH, ".//label[contains(., 'Body')]//textarea")
    body.clear()
    body.send_keys("mended")
    button(section(browser, "Dead-letter queues"), "Redrive this message").click()

    wait_for(browser, "Dead-letter queues", "orders-dlq: 0 messages")
    wait_for(browser, "Journal", "redriven")
    redriven = service.get("queues/orders/messages")
    assert [message["body"] for message in redriven] == ["mended"]
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it untyped
    assert log == [], "nothing went wrong in the page"


def test_the_page_is_usable_by_keyboard_alone(browser: webdriver.Chrome, service: Serving) -> None:
    browser.get(service.url)
    wait_for(browser, "Clock", "2026-11-21 12:00:00")

    duration = section(browser, "Clock").find_element(By.XPATH, ".//label[contains(., 'Advance by')]//input")
    duration.send_keys(Keys.CONTROL, "a")
    duration.send_keys("1h", Keys.ENTER)

    wait_for(browser, "Clock", "2026-11-21 13:00:00")


def test_the_journal_is_live(browser: webdriver.Chrome, service: Serving) -> None:
    browser.get(service.url)
    wait_for(browser, "Journal", "queue spare created")

    service.post("queues/spare/messages", {"body": "hello"})

    wait_for(browser, "Journal", "spare got")
    wait_until(browser, lambda: "spare\n1" in section(browser, "Queues").text.replace(" ", "\n"))
