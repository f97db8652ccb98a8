import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Numbers default Regions in the order in which they are enabled; existing ones in the order of the table's rows. */
export class DefaultRegionOrder1790000000065 implements MigrationInterface {
  name = 'DefaultRegionOrder1790000000065';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "default_replication_regions" ADD "sequence" BIGSERIAL NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "default_replication_regions" DROP COLUMN "sequence"`);
  }
}
