import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table of CCKM's records of custom key stores. */
export class CckmStores1790000000111 implements MigrationInterface {
  name = 'CckmStores1790000000111';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "cckm_stores" (
        "id" text NOT NULL,
        "container_id" text NOT NULL,
        "store_arn" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "updated_at" timestamp(3) with time zone NOT NULL,
        "snapshot" text NOT NULL,
        "mac" bytea,
        CONSTRAINT "cckm_stores_pkey" PRIMARY KEY ("id"),
        CONSTRAINT "cckm_stores_container" FOREIGN KEY ("container_id") REFERENCES "cckm_containers" ("id")
      )`);
    await runner.query(`CREATE INDEX "cckm_stores_by_container" ON "cckm_stores" ("container_id")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "cckm_stores"');
  }
}
