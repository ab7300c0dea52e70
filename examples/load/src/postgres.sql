-- The gift as a function of PostgreSQL: idempotent by its id, held against the budget's limit, kept
-- as an entry, counted; one round trip and one transaction.
DROP SCHEMA IF EXISTS makegood_load CASCADE;
CREATE SCHEMA makegood_load;

-- Room on each page, so that counters are updated in place and no index is touched.
CREATE TABLE makegood_load.budget (
  budget integer PRIMARY KEY,
  given_minor bigint NOT NULL DEFAULT 0,
  cap_minor bigint NOT NULL
) WITH (fillfactor = 40);

CREATE SEQUENCE makegood_load.position CACHE 32;

-- The one index is the idempotency key.
CREATE TABLE makegood_load.entry (
  spend uuid PRIMARY KEY,
  position bigint NOT NULL DEFAULT nextval('makegood_load.position'),
  record_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  budget integer NOT NULL,
  amount_minor bigint NOT NULL,
  currency_code char(3) NOT NULL,
  reason_code text NOT NULL,
  gesture_code text NOT NULL,
  given_after_minor bigint
);

-- The entry comes before the counter, so that the counter's lock is held as shortly as can be.
CREATE FUNCTION makegood_load.give(
  p_spend uuid, p_budget integer, p_amount_minor bigint, p_currency_code text,
  p_reason_code text, p_gesture_code text,
  OUT o_position bigint, OUT o_given_after_minor bigint, OUT o_replayed boolean
) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO makegood_load.entry
      (spend, budget, amount_minor, currency_code, reason_code, gesture_code)
    VALUES
      (p_spend, p_budget, p_amount_minor, p_currency_code, p_reason_code, p_gesture_code)
    ON CONFLICT (spend) DO NOTHING
    RETURNING position INTO o_position;
  o_replayed := NOT FOUND;
  IF o_replayed THEN
    SELECT position, given_after_minor INTO o_position, o_given_after_minor
      FROM makegood_load.entry WHERE spend = p_spend;
    RETURN;
  END IF;
  -- Above the limit nothing is counted, and the entry stays as a refusal.
  UPDATE makegood_load.budget
    SET given_minor = given_minor + p_amount_minor
    WHERE budget = p_budget AND given_minor + p_amount_minor <= cap_minor
    RETURNING given_minor INTO o_given_after_minor;
END
$$;
