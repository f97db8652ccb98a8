import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds each process's report about its listeners for host commands. */
export class ListenerReports1790000000141 implements MigrationInterface {
  name = 'ListenerReports1790000000141';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "nodes" ADD COLUMN "listeners" jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "nodes" DROP COLUMN "listeners"');
  }
}
