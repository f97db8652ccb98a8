import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table of the keys that sign exports and checkpoints of the audit log. */
export class AuditSigningKeys1790000000142 implements MigrationInterface {
  name = 'AuditSigningKeys1790000000142';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_signing_keys" (
        "id" text NOT NULL,
        "number" integer NOT NULL,
        "public_key" bytea NOT NULL,
        "signature" bytea,
        "created_at" timestamp(3) with time zone NOT NULL,
        "sealed" bytea,
        CONSTRAINT "audit_signing_keys_pkey" PRIMARY KEY ("id"),
        CONSTRAINT "audit_signing_keys_number_key" UNIQUE ("number")
      )`);
    await runner.query(`
      CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "audit_signing_keys"
        FOR EACH ROW WHEN (NEW."sealed" IS NOT NULL) EXECUTE FUNCTION "sealed_under_active"()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "audit_signing_keys"');
  }
}
