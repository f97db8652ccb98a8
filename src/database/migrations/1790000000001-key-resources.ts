import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What belongs to keys besides tags: pages of a key's aliases. */
export class KeyResources1790000000001 implements MigrationInterface {
  name = 'KeyResources1790000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "aliases_by_key"`);
    await runner.query(`CREATE INDEX "aliases_by_key" ON "aliases" ("key_arn", "name")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "aliases_by_key"`);
    await runner.query(`CREATE INDEX "aliases_by_key" ON "aliases" ("key_arn")`);
  }
}
