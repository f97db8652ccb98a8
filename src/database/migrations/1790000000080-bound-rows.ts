import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['keys', 'aliases', 'tags', 'resource_policies', 'principals', 'principal_policies', 'access_keys'];

/**
 * Adds the MACs of rows and the row that tallies them. The service computes the MACs of existing rows when it next
 * opens the database.
 */
export class BoundRows1790000000080 implements MigrationInterface {
  name = 'BoundRows1790000000080';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`ALTER TABLE "${table}" ADD "mac" bytea`);
    await runner.query(`
      CREATE TABLE "bound_tally" (
        "id" integer NOT NULL CHECK ("id" = 1),
        "tally" bytea NOT NULL,
        CONSTRAINT "bound_tally_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "bound_tally"');
    for (const table of TABLES) await runner.query(`ALTER TABLE "${table}" DROP COLUMN "mac"`);
  }
}
