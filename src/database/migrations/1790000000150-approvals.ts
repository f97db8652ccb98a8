import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables of approval teams, guards, sessions and votes. */
export class Approvals1790000000150 implements MigrationInterface {
  name = 'Approvals1790000000150';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "approval_teams" (
        "arn" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "name" text NOT NULL,
        "approvers" text NOT NULL,
        "min_approvals" integer NOT NULL,
        "session_seconds" integer NOT NULL,
        "version" integer NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "approval_teams_pkey" PRIMARY KEY ("arn")
      )`);
    await runner.query(`
      CREATE TABLE "approval_guards" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "operation" text NOT NULL,
        "team_arn" text NOT NULL,
        "condition" text,
        "version" integer NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "approval_guards_pkey" PRIMARY KEY ("account_id", "region", "operation")
      )`);
    await runner.query(`
      CREATE TABLE "approval_sessions" (
        "id" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "team_arn" text NOT NULL,
        "team_version" integer NOT NULL,
        "api" text NOT NULL,
        "operation" text NOT NULL,
        "guard" text,
        "guard_version" integer,
        "subject" text,
        "requester_id" text NOT NULL,
        "requester_arn" text NOT NULL,
        "request_hash" text NOT NULL,
        "details" text NOT NULL,
        "comment" text,
        "input" text,
        "state" text NOT NULL,
        "status_message" text,
        "break_glass_reason" text,
        "created_at" timestamp(3) with time zone NOT NULL,
        "expires_at" timestamp(3) with time zone NOT NULL,
        "approved_until" timestamp(3) with time zone,
        "ended_at" timestamp(3) with time zone,
        "version" integer NOT NULL,
        "mac" bytea,
        CONSTRAINT "approval_sessions_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(
      `CREATE INDEX "approval_sessions_by_request" ON "approval_sessions" ("team_arn", "request_hash")`,
    );
    await runner.query(
      `CREATE INDEX "approval_sessions_by_subject" ON "approval_sessions" ("subject") WHERE "subject" IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX "approval_sessions_live" ON "approval_sessions" ("state") WHERE "state" IN ('PENDING', 'APPROVED')`,
    );
    await runner.query(`
      CREATE TABLE "approval_votes" (
        "session_id" text NOT NULL,
        "voter_id" text NOT NULL,
        "voter_arn" text NOT NULL,
        "decision" text NOT NULL,
        "request_hash" text NOT NULL,
        "comment" text,
        "voted_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "approval_votes_pkey" PRIMARY KEY ("session_id", "voter_id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['approval_votes', 'approval_sessions', 'approval_guards', 'approval_teams'])
      await runner.query(`DROP TABLE "${table}"`);
  }
}
