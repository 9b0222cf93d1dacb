"""The page in a real browser, found by what a person sees: headings, labels, buttons."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.slow]

_PATIENCE_S = 20
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1900",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        assert not os.environ.get("CI"), "CI has chromium and chromedriver"
        pytest.skip("no chromium with its chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


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
