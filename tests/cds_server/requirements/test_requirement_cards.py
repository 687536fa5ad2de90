"""Every card of every patient of the sandbox on every hook, element by element; and that a breach would be seen."""

from copy import deepcopy
from typing import Any

import pytest

from cds_server.hooks.cards import EXTENSION
from cds_server.sandbox.scenarios import load_scenarios
from tests.cds_server.card_rules import INDICATORS, broken, broken_card


@pytest.fixture(scope="module")
def suggestions(cards):
    return [item for card in cards for item in card.get("suggestions", ())]


@pytest.fixture(scope="module")
def actions(suggestions):
    return [action for item in suggestions for action in item["actions"]]


@pytest.fixture(scope="module")
def codings(cards):
    reasons = [reason for card in cards for reason in card["overrideReasons"]]
    return reasons + [card["source"]["topic"] for card in cards if "topic" in card["source"]]


@pytest.mark.requirement(80, 83, 87, 90, 93, 95, 100, 105, 107, 127, 132, 138, 139, 141)
def test_every_card_of_every_scenario_keeps_every_rule(heard):
    assert {one.scenario for one in heard} == {scenario.id for scenario in load_scenarios()}
    assert len(load_scenarios()) == 12
    assert [(one.scenario, one.hook, found) for one in heard for found in broken(one.body)] == []
    assert sum(len(one.cards) for one in heard) > 40


BREACHES: dict[str, tuple[tuple[Any, ...], Any]] = {
    "no uuid": (("uuid",), ...),
    "a uuid that is none": (("uuid",), "card-1"),
    "no summary": (("summary",), ...),
    "a summary of 140": (("summary",), "x" * 140),
    "no indicator": (("indicator",), ...),
    "another indicator": (("indicator",), "hard-stop"),
    "no source": (("source",), ...),
    "no label of the source": (("source", "label"), ...),
    "a relative source": (("source", "url"), "/titrate"),
    "a relative icon": (("source", "icon"), "icon.png"),
    "an array of topics": (("source", "topic"), [{"code": "1", "system": "urn:x"}]),
    "a topic without a system": (("source", "topic", "system"), ...),
    "HTML": (("detail",), "a <b>b</b>"),
    "an image": (("detail",), "![x](https://x.example/y.png)"),
    "null": (("detail",), None),
    "an empty array": (("links",), []),
    "suggestions without a behaviour": (("selectionBehavior",), ...),
    "another behaviour": (("selectionBehavior",), "all"),
    "two recommended": (("suggestions", 1, "isRecommended"), True),
    "recommended in words": (("suggestions", 0, "isRecommended"), "yes"),
    "a suggestion without a label": (("suggestions", 0, "label"), ...),
    "a suggestion's uuid that is none": (("suggestions", 0, "uuid"), "1"),
    "one action, no array": (("suggestions", 0, "actions"), {"type": "update"}),
    "another action": (("suggestions", 0, "actions", 0, "type"), "replace"),
    "an action without a description": (("suggestions", 0, "actions", 0, "description"), ...),
    "an update without a resource": (("suggestions", 0, "actions", 0, "resource"), ...),
    "an update of the changed fields alone": (("suggestions", 0, "actions", 0, "resource", "intent"), ...),
    "an update without an id": (("suggestions", 0, "actions", 0, "resource", "id"), ...),
    "a delete with a resource": (("suggestions", 0, "actions", 0, "type"), "delete"),
    "an update with a resourceId": (("suggestions", 0, "actions", 0, "resourceId"), "MedicationRequest/1"),
    "a reason without a display": (("overrideReasons", 0, "display"), ...),
    "a reason without a code": (("overrideReasons", 0, "code"), ...),
    "a reason without a system": (("overrideReasons", 0, "system"), ...),
    "a link without a label": (("links", 0, "label"), ...),
    "a relative link": (("links", 0, "url"), "/advice/1"),
    "another kind of link": (("links", 0, "type"), "relative"),
    "an appContext on an absolute link": (("links", 0, "appContext"), "x"),
    "an extension that is no object": (("extension", EXTENSION), "x"),
}


@pytest.mark.requirement(111, 133, 134, 135, 142, 144, 147)
@pytest.mark.parametrize(("path", "value"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_would_be_seen(cards, path, value):
    """The checker that all cards pass does fail: one element of a real card is broken at a time."""
    card = deepcopy(next(card for card in cards if len(card.get("suggestions", ())) > 1))
    assert broken_card(card) == ()
    *parents, last = path
    place: Any = card
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    assert broken_card(card) != ()


@pytest.mark.requirement(80, 81, 82)
def test_every_uuid_is_new_and_on_record(running, cards):
    uuids = [card["uuid"] for card in cards]
    assert len(set(uuids)) == len(uuids)
    assert {running.parts.store.card(uuid).uuid for uuid in uuids} == set(uuids)


@pytest.mark.requirement(83)
def test_summaries_are_under_140_characters(cards):
    assert all(0 < len(card["summary"]) < 140 for card in cards)


@pytest.mark.requirement(84, 85)
def test_details_are_markdown_with_tables_and_without_html(cards):
    assert all(isinstance(card["detail"], str) for card in cards)
    assert any("| --- |" in card["detail"] for card in cards)
    assert not any("detail" in found for card in cards for found in broken_card(card))


@pytest.mark.requirement(87, 88, 89)
def test_indicators_order_the_cards_by_urgency(heard):
    seen = {card["indicator"] for one in heard for card in one.cards}
    assert seen == set(INDICATORS)
    by_scenario = {one.scenario: one.cards[0]["indicator"] for one in heard if one.hook == "order-sign"}
    expected = {scenario.id: scenario.expected.indicator for scenario in load_scenarios()}
    assert {name: by_scenario[name] for name, level in expected.items() if level} == {
        name: level for name, level in expected.items() if level
    }


@pytest.mark.requirement(90, 105, 106, 107, 108)
def test_the_source_is_an_object_with_a_label_and_an_absolute_url(cards, running):
    for card in cards:
        assert isinstance(card["source"]["label"], str)
        assert card["source"]["url"] == running.parts.settings.public_url


@pytest.mark.requirement(109, 110, 140)
def test_what_goes_deeper_is_a_link_and_not_the_source(cards):
    assert len({card["source"]["url"] for card in cards}) == 1
    links = [link["url"] for card in cards for link in card.get("links", ())]
    assert len(set(links)) == len(links) > 20
    assert all("/advice/" in url for url in links)


@pytest.mark.requirement(111, 113)
def test_no_icon_is_sent(cards):
    assert not any("icon" in card["source"] for card in cards)


@pytest.mark.requirement(115, 116)
def test_the_topic_is_one_coding(cards):
    topics = [card["source"]["topic"] for card in cards if "topic" in card["source"]]
    assert topics
    assert all(isinstance(topic, dict) and topic["system"].endswith("rxnorm") for topic in topics)


@pytest.mark.requirement(92, 94, 123, 124)
def test_suggestions_and_their_actions_are_arrays_where_they_are(cards, suggestions):
    assert any("suggestions" in card for card in cards)
    assert any("suggestions" not in card for card in cards)
    assert all(isinstance(card["suggestions"], list) for card in cards if "suggestions" in card)
    assert all(isinstance(item["actions"], list) and item["actions"] for item in suggestions)


@pytest.mark.requirement(93, 95, 96)
def test_a_regimen_is_chosen_alone(cards):
    assert {card["selectionBehavior"] for card in cards if "suggestions" in card} == {"at-most-one"}
    assert not any("selectionBehavior" in card for card in cards if "suggestions" not in card)


@pytest.mark.requirement(117, 118, 119)
def test_suggestions_have_a_label_and_a_uuid_of_their_own(suggestions):
    assert all(isinstance(item["label"], str) and isinstance(item["uuid"], str) for item in suggestions)
    assert len({item["uuid"] for item in suggestions}) == len(suggestions) > 20


@pytest.mark.requirement(120, 121)
def test_the_proposed_regimen_alone_is_recommended(cards):
    for card in (card for card in cards if "suggestions" in card):
        assert [item["isRecommended"] for item in card["suggestions"]] == [
            True,
            *[False] * (len(card["suggestions"]) - 1),
        ]


@pytest.mark.requirement(125)
def test_a_suggestion_is_one_action_so_that_none_is_done_by_halves(suggestions):
    assert all(len(item["actions"]) == 1 for item in suggestions)


@pytest.mark.requirement(127, 128, 129, 130, 131, 132)
def test_actions_update_the_draft_as_a_whole(heard):
    """Nothing is created or deleted: what is changed is the order at hand, and everything it held stays in it."""
    for one in heard:
        bundle = one.request["context"].get("draftOrders") or one.request["context"].get("medications") or {}
        drafts = {entry["resource"]["id"]: entry["resource"] for entry in bundle.get("entry", ())}
        for action in (act for card in one.cards for item in card.get("suggestions", ()) for act in item["actions"]):
            assert action["type"] == "update"
            assert action["description"].strip()
            draft, order = drafts[action["resource"]["id"]], action["resource"]
            assert set(draft) - {"text"} <= set(order)
            kept = set(draft) - {"dosageInstruction", "text"}
            assert {name: order[name] for name in kept} == {name: draft[name] for name in kept}


@pytest.mark.requirement(133, 134, 135)
def test_nothing_is_deleted(actions):
    assert actions
    assert not any(action["type"] == "delete" or "resourceId" in action for action in actions)


@pytest.mark.requirement(98, 99, 100, 136, 219)
def test_override_reasons_are_codings_that_people_can_read(cards):
    for card in cards:
        assert isinstance(card["overrideReasons"], list)
        assert all(" " in reason["display"] and reason["display"][0].isupper() for reason in card["overrideReasons"])
        assert len({reason["code"] for reason in card["overrideReasons"]}) == len(card["overrideReasons"])


@pytest.mark.requirement(216, 217, 218, 220)
def test_codings_have_a_code_and_a_system(codings):
    assert codings
    assert all(isinstance(coding["code"], str) and isinstance(coding["system"], str) for coding in codings)
    assert all(isinstance(coding.get("display", ""), str) for coding in codings)


@pytest.mark.requirement(103, 104, 138, 139, 141, 142)
def test_links_have_a_label_an_absolute_url_and_a_type(cards):
    links = [link for card in cards for link in card.get("links", ())]
    assert all(isinstance(card.get("links", []), list) for card in cards)
    assert {link["type"] for link in links} == {"absolute"}
    assert all(isinstance(link["label"], str) and link["url"].startswith("http") for link in links)


@pytest.mark.requirement(144, 145, 146, 147)
def test_absolute_links_carry_no_app_context(cards):
    assert not any("appContext" in link for card in cards for link in card.get("links", ()))


@pytest.mark.requirement(214, 215)
def test_extensions_are_objects_under_a_name_of_our_own(cards):
    for card in cards:
        assert set(card["extension"]) == {EXTENSION}
        assert isinstance(card["extension"][EXTENSION], dict)
        assert "." in EXTENSION
