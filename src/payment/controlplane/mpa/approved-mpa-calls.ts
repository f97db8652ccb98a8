import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Callers } from '../../../access/callers.js';
import { ApprovalGuard } from '../../../approvals/approval-guard.entity.js';
import type { ApprovalSession } from '../../../approvals/approval-session.entity.js';
import { ApprovalSessions } from '../../../approvals/approval-sessions.js';
import { ApprovalTeams } from '../../../approvals/approval-teams.js';
import { rulesArn } from '../../../approvals/rules.js';
import { type Call, CallRecord, type Origin, type Principal, uniqueIdOf } from '../../../call.js';
import { verifyCertificate } from '../../../crypto/x509/certificate.js';
import { CryptoError } from '../../../crypto/errors.js';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from '../../../errors/exceptions.js';
import { removeRows } from '../../../provider/changed-rows.js';
import { CONTROL_PLANE } from '../../api.js';
import { certificateOf } from '../../exchange/certificate-text.js';
import { completeImport } from '../../keys/key-life-cycle.js';
import { Key } from '../../keys/key.entity.js';
import { ROOT_CERTIFICATES } from '../../keys/mpa-team-association.repository.js';
import { multiRegionKeyType } from '../../keys/multi-region.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import type { Resource } from '../../operation.js';
import { OperationAuthorizer } from '../../operation-authorizer.js';
import type { ImportKeyInput } from '../exchange/exchange.schema.js';

/**
 * Executes the calls that an MPA team has approved, as AWS does: the requester doesn't repeat them. Their inputs have no
 * secrets, because a certificate is public. The requester must still have the permission.
 */
@Injectable()
export class ApprovedMpaCalls {
  constructor(
    private readonly callers: Callers,
    private readonly authorizer: OperationAuthorizer,
    private readonly teams: ApprovalTeams,
    private readonly replications: ReplicationWork,
    sessions: ApprovalSessions,
  ) {
    sessions.executeWith(CONTROL_PLANE, 'ImportKey', (session, now, manager, changed) =>
      this.#import(session, now, manager, changed),
    );
    sessions.executeWith(CONTROL_PLANE, 'AssociateMpaTeam', (session, now, manager, changed) =>
      this.#associate(session, now, manager, changed),
    );
    sessions.executeWith(CONTROL_PLANE, 'DisassociateMpaTeam', (session, now, manager, changed) =>
      this.#disassociate(session, now, manager, changed),
    );
  }

  async #import(
    session: ApprovalSession,
    now: Date,
    manager: EntityManager,
    changed: (arn: string) => void,
  ): Promise<void> {
    const arn = session.subject ?? '';
    const call = await this.#authorized(session, now, 'nothing');
    const { KeyMaterial } = call.record.input as ImportKeyInput;
    const text = KeyMaterial.RootCertificatePublicKey?.PublicKeyCertificate ?? '';
    requireValid(text, now);
    const key = await manager.findOne(Key, { where: { arn }, lock: { mode: 'pessimistic_write' } });
    if (!key) throw new ResourceNotFoundException(arn);
    await manager.save(Object.assign(key, completeImport(key, now)));
    if (multiRegionKeyType(key) === 'PRIMARY') await this.replications.enqueue(manager, [arn]);
    changed(arn);
  }

  async #associate(
    session: ApprovalSession,
    now: Date,
    manager: EntityManager,
    changed: (arn: string) => void,
  ): Promise<void> {
    const call = await this.#authorized(session, now, 'team');
    const { accountId, region } = session;
    const { MpaTeamArn: teamArn = '' } = call.record.input as { MpaTeamArn?: string };
    await this.teams.saveGuard(manager, { accountId, region, operation: ROOT_CERTIFICATES, teamArn, condition: null });
    changed(rulesArn(accountId));
  }

  async #disassociate(
    session: ApprovalSession,
    now: Date,
    manager: EntityManager,
    changed: (arn: string) => void,
  ): Promise<void> {
    await this.#authorized(session, now, 'team');
    const { accountId, region } = session;
    const removed = await removeRows(manager, ApprovalGuard, { accountId, region, operation: ROOT_CERTIFICATES });
    if (removed === 0) throw new ResourceNotFoundException(ROOT_CERTIFICATES);
    changed(rulesArn(accountId));
  }

  /** Authorizes the requester with the current permissions, for the original call. @throws AccessDeniedException */
  async #authorized(session: ApprovalSession, now: Date, resource: Resource): Promise<Call> {
    // Version 0.2.0 stored no requester beside the session's.
    const {
      input,
      origin,
      requester = session.requesterId,
    } = JSON.parse(session.input ?? '{}') as {
      input: object;
      origin: Omit<Origin, 'time'>;
      requester?: string;
    };
    const record = new CallRecord();
    record.reads({}, input);
    const { operation, region, id: requestId } = session;
    const principal = await this.#requester(session, requester);
    const call = {
      requestId,
      api: CONTROL_PLANE,
      operation,
      principal,
      region,
      origin: { ...origin, time: now },
      record,
    };
    await this.authorizer.authorize(call, resource);
    return call;
  }

  /** @param uniqueId of the requester, which may be a session that somebody else has started */
  async #requester({ requesterArn, accountId }: ApprovalSession, uniqueId: string): Promise<Principal> {
    if (uniqueId === accountId) return { arn: requesterArn, principalArn: requesterArn, accountId, accessKeyId: '' };
    const principal = await this.callers.find(requesterArn);
    if (!principal || uniqueIdOf(principal) !== uniqueId)
      throw new AccessDeniedException(`The requester ${requesterArn} doesn't exist any more.`);
    return principal;
  }
}

/** Checks that a certificate hasn't expired while the session waited. @throws ValidationException */
function requireValid(text: string, time: Date): void {
  const certificate = certificateOf(text);
  try {
    verifyCertificate(certificate, { issuer: certificate, time });
  } catch (error) {
    if (error instanceof CryptoError) throw new ValidationException(error.message);
    throw error;
  }
}
