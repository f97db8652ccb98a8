import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table for the service's own secrets, which are sealed, and outlive a master key. */
export class ServiceSecrets1790000000030 implements MigrationInterface {
  name = 'ServiceSecrets1790000000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "service_secrets" (
        "purpose" text NOT NULL,
        "sealed" bytea NOT NULL,
        CONSTRAINT "service_secrets_pkey" PRIMARY KEY ("purpose")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "service_secrets"');
  }
}
