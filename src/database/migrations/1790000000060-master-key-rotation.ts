import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables with a column `sealed`. */
const TABLES = ['keys', 'access_keys', 'certificate_authorities', 'exchange_tokens', 'service_secrets'];

/** Prepares for rotations of the master key: triggers refuse values that aren't sealed under the active key. */
export class MasterKeyRotation1790000000060 implements MigrationInterface {
  name = 'MasterKeyRotation1790000000060';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "master_key"
        ADD "state" text NOT NULL DEFAULT 'ACTIVE',
        ADD "wrapped" bytea,
        ADD "retired_at" timestamp(3) with time zone`);
    await runner.query(`ALTER TABLE "master_key" ALTER "state" DROP DEFAULT`);
    await runner.query(`CREATE UNIQUE INDEX "master_key_in_use" ON "master_key" ("state") WHERE "state" <> 'RETIRED'`);
    // The number is LOCKS.activeMasterKey. A separate statement takes the lock before the row is read: a transaction
    // that waited while a rotation began then reads the row that the rotation wrote.
    await runner.query(`
      CREATE FUNCTION "active_master_key"() RETURNS text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
          active text;
        BEGIN
          PERFORM pg_advisory_xact_lock_shared(627837539);
          SELECT "id" INTO active FROM "master_key" WHERE "state" = 'ACTIVE';
          RETURN active;
        END
      $$`);
    await runner.query(`
      CREATE FUNCTION "sealed_under_active"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
          IF encode(substring(NEW."sealed" FROM 2 FOR 8), 'hex') IS DISTINCT FROM "active_master_key"() THEN
            RAISE EXCEPTION 'What is written to % must be sealed under the active master key', TG_TABLE_NAME;
          END IF;
          RETURN NEW;
        END
      $$`);
    for (const table of TABLES)
      await runner.query(`
        CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "${table}"
          FOR EACH ROW WHEN (NEW."sealed" IS NOT NULL) EXECUTE FUNCTION "sealed_under_active"()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TRIGGER "sealed_under_active" ON "${table}"`);
    await runner.query('DROP FUNCTION "sealed_under_active"');
    await runner.query('DROP FUNCTION "active_master_key"');
    await runner.query('DROP INDEX "master_key_in_use"');
    await runner.query(`ALTER TABLE "master_key" DROP COLUMN "state", DROP COLUMN "wrapped", DROP COLUMN "retired_at"`);
  }
}
