"""The store: written together or not at all, nothing lost, the log only ever longer."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import inspect, text

from cds_server.store import AuditRow, CardRow, FeedbackRow, Store, advice_row
from cds_server.store.estimates import MAX_ATTEMPTS
from cds_server.store.migrate import upgrade
from cds_server.store.schema import metadata
from tests.cds_server.sample_advice import issued, sample_declined, sample_recommendation

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
KEY = "a" * 64


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    store.prepare()
    yield store
    store.close()


def card(uuid="card-1", advice_id=None) -> CardRow:
    return CardRow(
        uuid=uuid,
        advice_id=advice_id,
        kind="recommendation",
        service="dose-advice",
        hook="order-sign",
        hook_instance="h",
        issued_at=NOW,
        indicator="info",
        content='{"suggestions": [{"uuid": "s-1", "label": "1 g"}]}',
    )


def said(card_uuid="card-1", **changes) -> FeedbackRow:
    given = {"card_uuid": card_uuid, "service": "dose-advice", "outcome": "accepted", "outcome_at": NOW}
    return FeedbackRow(**{**given, "received_at": NOW, "accepted": ("s-1",), **changes})


def audit(number: int) -> AuditRow:
    return AuditRow(at=NOW, event="recommendation", entry={"number": number})


def issue(store: Store, advice=None, **rows) -> None:
    row = advice_row(issued(advice or sample_recommendation()), estimate_key=KEY, salt="s" * 64)
    given = {"advices": [row], "cards": [card(advice_id="0" * 32)], "audits": [audit(1)]}
    store.issue(**{**given, **rows})


@pytest.mark.parametrize("advice", [sample_recommendation(), sample_declined()])
def test_an_issued_advice_is_found_again_as_it_was(store, advice):
    issue(store, advice)
    assert store.issued("0" * 32) == issued(advice)
    assert store.issued("1" * 32) is None


def test_without_its_audit_entry_no_advice_is_stored(store):
    unwritable = AuditRow(at=NOW, event="x", entry={"not json": object()})
    with pytest.raises(Exception, match="object"):
        issue(store, audits=[audit(1), unwritable])
    assert store.issued("0" * 32) is None
    assert store.cards_of("0" * 32) == ()
    assert store.audit_entries() == ()


def test_the_log_numbers_without_gaps_and_hashes_what_it_holds(store):
    store.issue([], [], [audit(1), audit(2)])
    store.issue([], [], [audit(3)])
    entries = store.audit_entries()
    assert [seq for seq, *_ in entries] == [1, 2, 3]
    assert entries[2] == (3, "recommendation", {"number": 3}, sha256(b'{"number":3}').hexdigest())


@pytest.mark.parametrize("change", ["DELETE FROM audit_entry", "UPDATE audit_entry SET event = 'x'"])
def test_the_log_can_not_be_changed_through_the_database(store, change):
    store.issue([], [], [audit(1)])
    with pytest.raises(Exception, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(change))
    assert len(store.audit_entries()) == 1


def test_feedback_is_kept_once_and_its_history_whole(store):
    issue(store)
    changed_mind = said(outcome="overridden", accepted=(), reason_code="waiting-for-level", comment="level at six")
    assert store.record_feedback([said(), said()]).stored == 1
    receipt = store.record_feedback([said(received_at=NOW + timedelta(hours=1)), changed_mind], audit(2))
    assert (receipt.stored, receipt.repeated, receipt.unknown_cards) == (1, 1, ())
    assert store.feedback_for("0" * 32) == (said(), changed_mind)
    assert len(store.audit_entries()) == 2


def test_a_repeat_alone_is_no_event(store):
    store.issue([], [card()], [])
    store.record_feedback([said()], audit(1))
    store.record_feedback([said()], audit(2))
    assert len(store.audit_entries()) == 1


def test_feedback_on_a_card_never_issued_is_named_and_not_kept(store):
    receipt = store.record_feedback([said("nobody's"), said("nobody's", outcome="overridden", accepted=())], audit(1))
    assert (receipt.stored, receipt.unknown_cards) == (0, ("nobody's",))
    assert (store.all_feedback(), store.audit_entries()) == ((), ())


def test_a_suggestion_that_the_card_did_not_carry_is_named_and_not_kept(store):
    store.issue([], [card()], [])
    receipt = store.record_feedback([said(accepted=("made-up",))], audit(1))
    assert (receipt.stored, receipt.unknown_suggestions) == (0, (("card-1", "made-up"),))
    assert store.record_feedback([said(accepted=("s-1", "made-up"))]).stored == 1
    assert [row.accepted for row in store.all_feedback()] == [("s-1",)]


def test_an_estimate_runs_its_course(store):
    estimates = store.estimates
    assert estimates.ask(KEY, "{}", NOW)
    assert not estimates.ask(KEY, "{}", NOW)
    assert estimates.status(KEY) == "queued"
    assert estimates.start(KEY, NOW).request == "{}"
    assert estimates.status(KEY) == "running"
    estimates.finish(KEY, '{"p": 1}', NOW)
    assert (estimates.find(KEY).status, estimates.find(KEY).posterior) == ("done", '{"p": 1}')
    assert estimates.start(KEY, NOW) is None


def test_a_result_is_never_overwritten(store):
    store.estimates.ask(KEY, "{}", NOW)
    store.estimates.finish(KEY, "first", NOW)
    store.estimates.fail(KEY, "late", NOW)
    store.estimates.finish(KEY, "second", NOW)
    assert store.estimates.find(KEY).posterior == "first"


def test_a_request_that_keeps_taking_workers_down_is_given_up(store):
    store.estimates.ask(KEY, "{}", NOW)
    for _ in range(MAX_ATTEMPTS):
        assert store.estimates.start(KEY, NOW)
    assert store.estimates.start(KEY, NOW) is None
    assert store.estimates.find(KEY).status == "failed"


def test_unfinished_work_is_found(store):
    store.estimates.ask(KEY, "{}", NOW)
    assert store.estimates.unfinished() == (KEY,)
    assert store.estimates.unfinished(running_since=NOW) == ()
    store.estimates.start(KEY, NOW)
    assert store.estimates.unfinished(running_since=NOW + timedelta(seconds=1)) == (KEY,)
    store.estimates.finish(KEY, "{}", NOW)
    assert store.estimates.unfinished() == ()


def test_instants_come_back_aware_and_naive_ones_are_refused(store):
    issue(store)
    assert store.issued("0" * 32).issued_at.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="time zone"):
        store.estimates.ask(KEY, "{}", datetime(2026, 11, 21))  # noqa: DTZ001 - that it is refused is the point


def test_the_migrations_make_the_schema_that_queries_are_written_against(store):
    found = inspect(store.engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexed = {index["name"] for index in found.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexed
    assert set(found.get_table_names()) == {table.name for table in metadata.sorted_tables} | {"alembic_version"}


def test_preparing_twice_changes_nothing(store):
    issue(store)
    store.prepare()
    upgrade(store.engine)
    assert store.ready()
    assert store.issued("0" * 32)


def test_a_database_without_the_schema_is_not_ready(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert not store.ready()
    store.close()
