"""SQL of the migrations of SLOs: what the ORM has no words for."""

MINUTES = """
CREATE TABLE slo_ledgerminute (
    ledger_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    good numeric NOT NULL,
    total numeric NOT NULL,
    carried_good numeric NOT NULL DEFAULT 0,
    carried_total numeric NOT NULL DEFAULT 0,
    good_sum numeric NOT NULL,
    total_sum numeric NOT NULL,
    carried_good_sum numeric NOT NULL DEFAULT 0,
    carried_total_sum numeric NOT NULL DEFAULT 0,
    known_sum bigint NOT NULL,
    flags smallint NOT NULL DEFAULT 0,
    provisional boolean NOT NULL DEFAULT false,
    excluded boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, bucket)
) PARTITION BY RANGE (bucket);
ALTER TABLE slo_cursor SET (fillfactor = 60);
ALTER TABLE slo_standing SET (fillfactor = 60);
ALTER TABLE slo_cursorgroup SET (fillfactor = 60);
"""
NO_MINUTES = "DROP TABLE slo_ledgerminute"
