import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds an index for lists of keys by state, and the lock that keeps lists from skipping keys that are being added. */
export class KeyLists1790000000005 implements MigrationInterface {
  name = 'KeyLists1790000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX "keys_by_account_region_state_sequence" ON "keys" ("account_id", "region", "state", "sequence")`);
    // The number is LOCKS.keyOrder. A statement trigger runs before the rows of the statement get their sequence.
    await runner.query(`
      CREATE FUNCTION "keys_share_order"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_advisory_xact_lock_shared(53967337);
          RETURN NULL;
        END
      $$`);
    await runner.query(`
      CREATE TRIGGER "keys_share_order" BEFORE INSERT ON "keys" FOR EACH STATEMENT EXECUTE FUNCTION "keys_share_order"()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TRIGGER "keys_share_order" ON "keys"`);
    await runner.query(`DROP FUNCTION "keys_share_order"`);
    await runner.query(`DROP INDEX "keys_by_account_region_state_sequence"`);
  }
}
