"""The sandbox in a headless Chromium: a prescriber opens a chart, orders, reads, accepts or keeps the own plan."""

import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.cds_server.live import live_service

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_S = 60  # an upper bound for a loaded machine; each wait ends as soon as its condition holds


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with live_service(tmp_path_factory.mktemp("service")) as live:
        yield live


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with chromedriver on PATH: the sandbox is not tried in a browser here")
    options = Options()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(switch)
    chromium = webdriver.Chrome(options=options, service=Service(driver))
    yield chromium
    chromium.quit()


class Chart:
    """The chart page as a prescriber uses it."""

    def __init__(self, browser, service, patient):
        self.browser, self.service = browser, service
        browser.get(f"{service.base}/sandbox/")
        browser.find_element(By.CSS_SELECTOR, f'a[href$="/patients/{patient}"]').click()
        self.answered("patient-view")

    def until(self, condition):
        return WebDriverWait(self.browser, PATIENCE_S).until(lambda _: condition())

    def answered(self, hook):
        self.until(lambda: self.text("#hook-name") == hook)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def orders(self):
        """(state, text) of each order, newest first; read in one step, since the list may be redrawn at any time."""
        rows = self.browser.execute_script(
            "return [...document.querySelectorAll('.order-list li')]"
            ".map(row => [row.querySelector('.state').innerText, row.querySelector('.order-text').innerText])"
        )
        return [tuple(row) for row in rows]

    def change(self, name, value):
        box = self.one(f'[name="{name}"]')
        box.clear()
        box.send_keys(str(value))

    def stored_feedback(self, card):
        return [row for row in self.service.parts.store.all_feedback() if row.card_uuid == card]

    def errors(self):
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_changing_the_dose_asks_again_and_shows_the_card(browser, service):
    chart = Chart(browser, service, "vancomycin-steady")
    chart.change("dose", 500)
    chart.answered("order-select")
    assert chart.text("#daily") == "1000 mg a day"
    assert chart.text(".card .indicator") == "Warning"
    assert "ordered 500 mg every 12 h" in chart.text(".card h3")
    assert "Regimen" in chart.text(".card table")
    assert chart.errors() == []


def test_an_accepted_dose_goes_into_the_order_and_the_feedback_is_kept(browser, service):
    chart = Chart(browser, service, "vancomycin-underdosed")
    before = chart.orders()
    assert before == [("Active", "1000 mg every 12 h, infused over 90 min")]
    chart.one("#sign").click()
    chart.answered("order-sign")
    card = chart.one(".card").get_attribute("data-card")
    accepted = chart.one("[data-accept]")
    # the label also says when the first dose was reckoned; the list of orders shows the regimen alone
    label = accepted.text.removeprefix("Accept: ").partition(", reckoned with the first dose")[0]
    suggestion = accepted.get_attribute("data-accept")
    accepted.click()
    chart.until(lambda: chart.text(".outcome").startswith("Accepted"))
    chart.until(lambda: chart.stored_feedback(card))
    assert chart.orders() == [("Unsigned", label), *before]

    chart.one("#complete").click()
    chart.until(lambda: chart.orders()[0][0] == "Active")
    assert chart.orders() == [("Active", label), ("Stopped", before[0][1])]
    (stored,) = chart.stored_feedback(card)
    assert (stored.outcome, stored.accepted) == ("accepted", (suggestion,))
    assert chart.errors() == []


def test_an_own_plan_is_kept_with_its_reason_and_nothing_is_blocked(browser, service):
    chart = Chart(browser, service, "vancomycin-obese")
    chart.one("#sign").click()
    chart.answered("order-sign")
    card = chart.one(".card").get_attribute("data-card")
    chart.one(".override summary").click()
    reason = Select(chart.one(".override select")).options[1]
    code, words = reason.get_attribute("value"), reason.text
    reason.click()
    chart.one('.override [name="comment"]').send_keys("level again tomorrow")
    chart.one(".override button").click()
    chart.until(lambda: chart.text(".outcome") == f"Overridden: {words}")
    (stored,) = chart.stored_feedback(card)
    assert (stored.outcome, stored.reason_code, stored.comment) == ("overridden", code, "level again tomorrow")

    chart.one("#complete").click()
    chart.until(lambda: "active" in chart.text("#status"))
    assert [state for state, _ in chart.orders()] == ["Active", "Stopped"]


def test_an_order_can_be_signed_when_the_service_does_not_answer(browser, service):
    chart = Chart(browser, service, "vancomycin-other-units")
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/cds-services/*"]})
    try:
        chart.one("#sign").click()
        chart.until(lambda: "Decision support did not answer" in chart.text("#cards"))
        chart.until(lambda: chart.one("#complete").is_displayed())
        chart.one("#complete").click()
        chart.until(lambda: "active" in chart.text("#status"))
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    assert [state for state, _ in chart.orders()] == ["Active", "Stopped"]


def test_a_long_card_is_folded_and_can_be_shown_whole(browser, service):
    chart = Chart(browser, service, "vancomycin-underdosed")
    detail = chart.one(".card-detail")
    assert detail.size["height"] < detail.get_property("scrollHeight")
    chart.one(".unfold button").click()
    assert detail.size["height"] >= detail.get_property("scrollHeight")
    assert chart.one(".unfold button").get_attribute("aria-expanded") == "true"


def test_a_chart_with_another_patients_level_gets_a_critical_card_without_a_dose(browser, service):
    chart = Chart(browser, service, "vancomycin-other-patient")
    assert chart.text(".card .indicator") == "Critical"
    assert not browser.find_elements(By.CSS_SELECTOR, "[data-accept]")
    assert chart.errors() == []


def test_the_link_on_the_card_opens_the_curve_without_script(browser, service):
    chart = Chart(browser, service, "tacrolimus-below-target")
    browser.get(chart.one(".card-links a").get_attribute("href"))
    assert chart.one("svg.curve title").get_attribute("textContent") == "Tacrolimus concentration over time"
    assert not browser.find_elements(By.TAG_NAME, "script")
    assert "Dubois" not in browser.page_source
    assert chart.errors() == []


def test_what_went_over_the_wire_is_shown_without_the_token(browser, service):
    chart = Chart(browser, service, "vancomycin-first-dose")
    request = chart.one(".wire pre").get_attribute("textContent")
    assert '"hook": "patient-view"' in request
    assert '"access_token": "…"' in request


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/patients/vancomycin-overdosed"])
def test_nothing_is_wider_than_the_window(browser, service, width, path):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(service.base + path)
        WebDriverWait(browser, PATIENCE_S).until(
            lambda _: path.endswith("/") or browser.find_elements(By.CSS_SELECTOR, ".card")
        )
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_every_control_can_be_reached_by_keyboard_and_has_a_name(browser, service):
    chart = Chart(browser, service, "vancomycin-steady")
    chart.one(".override summary").click()
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('a, button, input, select, summary')]"
        ".filter(e => !(e.innerText || e.labels?.[0]?.innerText || e.getAttribute('aria-label') || '').trim())"
        ".filter(e => e.offsetParent).map(e => e.outerHTML)"
    )
    assert nameless == []
    unreachable = browser.execute_script(
        "return [...document.querySelectorAll('a, button, input, select, summary')].filter(e => e.tabIndex < 0).length"
    )
    assert unreachable == 0
