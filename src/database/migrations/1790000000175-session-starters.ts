import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the starter of a session to its access key. */
export class SessionStarters1790000000175 implements MigrationInterface {
  name = 'SessionStarters1790000000175';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "access_keys" ADD "started_by" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "access_keys" DROP COLUMN "started_by"');
  }
}
