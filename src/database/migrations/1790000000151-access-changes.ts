import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table of the last changes of users' and roles' access, with their callers. */
export class AccessChanges1790000000151 implements MigrationInterface {
  name = 'AccessChanges1790000000151';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "access_changes" (
        "principal_id" text NOT NULL,
        "changed_by" text NOT NULL,
        "changed_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "access_changes_pkey" PRIMARY KEY ("principal_id", "changed_by")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "access_changes"');
  }
}
