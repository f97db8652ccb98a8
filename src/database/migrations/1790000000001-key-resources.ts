import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for resource policies and MPA team associations, and an index for pages of a key's aliases. */
export class KeyResources1790000000001 implements MigrationInterface {
  name = 'KeyResources1790000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "aliases_by_key"`);
    await runner.query(`CREATE INDEX "aliases_by_key" ON "aliases" ("key_arn", "name")`);
    await runner.query(`
      CREATE TABLE "resource_policies" (
        "key_arn" text NOT NULL,
        "policy" text NOT NULL,
        CONSTRAINT "resource_policies_pkey" PRIMARY KEY ("key_arn"),
        CONSTRAINT "resource_policies_key" FOREIGN KEY ("key_arn") REFERENCES "keys" ("arn")
      )`);
    await runner.query(`
      CREATE TABLE "mpa_team_associations" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "action" text NOT NULL,
        "team_arn" text NOT NULL,
        "state" text NOT NULL,
        "requested_team_arn" text,
        CONSTRAINT "mpa_team_associations_pkey" PRIMARY KEY ("account_id", "region", "action")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "mpa_team_associations"`);
    await runner.query(`DROP TABLE "resource_policies"`);
    await runner.query(`DROP INDEX "aliases_by_key"`);
    await runner.query(`CREATE INDEX "aliases_by_key" ON "aliases" ("key_arn")`);
  }
}
