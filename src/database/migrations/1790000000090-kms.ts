import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the order in which they are created. */
const TABLES = [
  'kms_keys',
  'kms_materials',
  'kms_wrapping_keys',
  'kms_aliases',
  'kms_tags',
  'kms_grants',
  'kms_key_usage',
];

/** Creates the tables of AWS KMS. */
export class Kms1790000000090 implements MigrationInterface {
  name = 'Kms1790000000090';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "kms_keys" (
        "arn" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "key_id" text NOT NULL,
        "spec" text NOT NULL,
        "usage" text NOT NULL,
        "origin" text NOT NULL,
        "description" text NOT NULL,
        "enabled" boolean NOT NULL,
        "policy" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "primary_region" text,
        "deletion_date" timestamp(3) with time zone,
        "pending_window_days" integer,
        "creating_until" timestamp(3) with time zone,
        "updating_until" timestamp(3) with time zone,
        "rotation_period_days" integer,
        "next_rotation_at" timestamp(3) with time zone,
        "public_key" bytea,
        "custom_key_store_id" text,
        "xks_key_id" text,
        "mac" bytea,
        CONSTRAINT "kms_keys_pkey" PRIMARY KEY ("arn")
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX "kms_keys_by_account_region_key_id" ON "kms_keys" ("account_id", "region", "key_id")`,
    );
    await runner.query(
      `CREATE INDEX "kms_keys_by_custom_key_store" ON "kms_keys" ("custom_key_store_id") WHERE "custom_key_store_id" IS NOT NULL`,
    );
    await runner.query(`CREATE INDEX "kms_keys_related" ON "kms_keys" ("key_id")`);
    await runner.query(
      `CREATE INDEX "kms_keys_by_deletion" ON "kms_keys" ("deletion_date") WHERE "deletion_date" IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX "kms_keys_by_rotation" ON "kms_keys" ("next_rotation_at") WHERE "next_rotation_at" IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE "kms_materials" (
        "key_arn" text NOT NULL,
        "material_id" text NOT NULL,
        "account_id" text NOT NULL,
        "key_id" text NOT NULL,
        "sequence" BIGSERIAL NOT NULL,
        "state" text NOT NULL,
        "rotated_at" timestamp(3) with time zone,
        "rotation_type" text,
        "description" text,
        "is_expiring" boolean,
        "valid_to" timestamp(3) with time zone,
        "sealed" bytea,
        "mac" bytea,
        CONSTRAINT "kms_materials_pkey" PRIMARY KEY ("key_arn", "material_id"),
        CONSTRAINT "kms_materials_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn")
      )`);
    await runner.query(`CREATE INDEX "kms_materials_related" ON "kms_materials" ("key_id")`);
    await runner.query(
      `CREATE INDEX "kms_materials_by_expiry" ON "kms_materials" ("valid_to") WHERE "valid_to" IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE "kms_wrapping_keys" (
        "id" text NOT NULL,
        "key_arn" text NOT NULL,
        "algorithm" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "valid_to" timestamp(3) with time zone NOT NULL,
        "sealed" bytea NOT NULL,
        CONSTRAINT "kms_wrapping_keys_pkey" PRIMARY KEY ("id"),
        CONSTRAINT "kms_wrapping_keys_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "kms_wrapping_keys_by_key" ON "kms_wrapping_keys" ("key_arn")`);
    await runner.query(`CREATE INDEX "kms_wrapping_keys_by_expiry" ON "kms_wrapping_keys" ("valid_to")`);
    for (const table of ['kms_materials', 'kms_wrapping_keys'])
      await runner.query(`
        CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "${table}"
          FOR EACH ROW WHEN (NEW."sealed" IS NOT NULL) EXECUTE FUNCTION "sealed_under_active"()`);
    await runner.query(`
      CREATE TABLE "kms_aliases" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "name" text NOT NULL,
        "key_arn" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "updated_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "kms_aliases_pkey" PRIMARY KEY ("account_id", "region", "name"),
        CONSTRAINT "kms_aliases_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn")
      )`);
    await runner.query(`CREATE INDEX "kms_aliases_by_key" ON "kms_aliases" ("key_arn", "name")`);
    await runner.query(`
      CREATE TABLE "kms_tags" (
        "key_arn" text NOT NULL,
        "key" text NOT NULL,
        "value" text NOT NULL,
        "sequence" BIGSERIAL NOT NULL,
        "mac" bytea,
        CONSTRAINT "kms_tags_pkey" PRIMARY KEY ("key_arn", "key"),
        CONSTRAINT "kms_tags_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn")
      )`);
    await runner.query(`
      CREATE TABLE "kms_grants" (
        "key_arn" text NOT NULL,
        "grant_id" text NOT NULL,
        "sequence" BIGSERIAL NOT NULL,
        "name" text,
        "grantee_principal" text NOT NULL,
        "retiring_principal" text,
        "operations" text NOT NULL,
        "constraints" text,
        "created_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "kms_grants_pkey" PRIMARY KEY ("key_arn", "grant_id"),
        CONSTRAINT "kms_grants_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn")
      )`);
    await runner.query(`CREATE INDEX "kms_grants_by_key_grantee" ON "kms_grants" ("key_arn", "grantee_principal")`);
    await runner.query(`CREATE INDEX "kms_grants_by_key_sequence" ON "kms_grants" ("key_arn", "sequence")`);
    await runner.query(
      `CREATE INDEX "kms_grants_by_retiring_principal" ON "kms_grants" ("retiring_principal", "sequence")`,
    );
    await runner.query(`
      CREATE TABLE "kms_key_usage" (
        "key_arn" text NOT NULL,
        "operation" text NOT NULL,
        "used_at" timestamp(3) with time zone NOT NULL,
        "request_id" text NOT NULL,
        "event_id" text NOT NULL,
        CONSTRAINT "kms_key_usage_pkey" PRIMARY KEY ("key_arn"),
        CONSTRAINT "kms_key_usage_key" FOREIGN KEY ("key_arn") REFERENCES "kms_keys" ("arn") ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE "${table}"`);
  }
}
