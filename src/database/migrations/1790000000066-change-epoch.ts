import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the counter of changes to rows that nodes cache. */
export class ChangeEpoch1790000000066 implements MigrationInterface {
  name = 'ChangeEpoch1790000000066';

  async up(runner: QueryRunner): Promise<void> {
    // The fillfactor leaves room on the page for the row's next versions.
    await runner.query(`
      CREATE TABLE "change_epoch" (
        "n" bigint NOT NULL,
        "is_only" boolean PRIMARY KEY DEFAULT true CHECK ("is_only")
      ) WITH (fillfactor = 10)`);
    await runner.query(`INSERT INTO "change_epoch" ("n") VALUES (0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "change_epoch"');
  }
}
