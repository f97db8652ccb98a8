import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds an index for the public keys of certificate authorities, which are few among all keys of an account and Region.
 */
export class KeyAuthorities1790000000012 implements MigrationInterface {
  name = 'KeyAuthorities1790000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX "keys_authorities" ON "keys" ("account_id", "region")
        WHERE "class" = 'PUBLIC_KEY' AND "usage" = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' AND "enabled"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "keys_authorities"`);
  }
}
