import { Req } from '@nestjs/common';
import { PrincipalRepository } from '../access/principal.repository.js';
import { AdminOperation } from './admin-operation.js';
import { OperationsController } from '../http/operation.js';
import { Nothing } from '../http/fields.js';
import { Body, Param } from '../http/input.js';
import type { SignedRequest } from '../http/request.js';
import { presentNewAccessKey } from './admin.presenter.js';
import {
  AccessKeyPath,
  NewAccessKeyOutput,
  PrincipalPath,
  StartSessionInput,
  UpdateAccessKeyInput,
} from './admin.schema.js';
import { arnOf } from './principal-path.js';

@OperationsController('access keys')
export class AccessKeysController {
  constructor(private readonly principals: PrincipalRepository) {}

  @AdminOperation({
    name: 'CreateAccessKey',
    route: ['POST', ':kind/:name/access-keys'],
    resource: 'principal',
    summary: 'Creates an access key for a user or a role',
    description:
      'The secret is returned only here. **A caller who may create access keys for a user or a role has all of its ' +
      'permissions.**',
    example: '-X POST http://127.0.0.1:8080/admin/users/line-3/access-keys',
    output: NewAccessKeyOutput,
  })
  async create(@Req() { call }: SignedRequest, @Param(PrincipalPath) path: PrincipalPath): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(await this.principals.by(call).createAccessKey(arnOf(call, path)));
  }

  @AdminOperation({
    name: 'UpdateAccessKey',
    route: ['PUT', ':kind/:name/access-keys/:id'],
    resource: 'principal',
    summary: 'Activates or deactivates an access key',
    description: 'Deactivating the access key of a session ends the session early.',
    example: '-X PUT -d \'{"Status":"Inactive"}\' http://127.0.0.1:8080/admin/users/line-3/access-keys/$KEY_ID',
    output: Nothing,
  })
  async update(
    @Req() { call }: SignedRequest,
    @Param(AccessKeyPath) path: AccessKeyPath,
    @Body(UpdateAccessKeyInput) { Status }: UpdateAccessKeyInput,
  ): Promise<Nothing> {
    await this.principals.by(call).setActive(arnOf(call, path), path.id, Status === 'Active');
    return {};
  }

  @AdminOperation({
    name: 'RotateAccessKey',
    route: ['POST', ':kind/:name/access-keys/:id/rotate'],
    resource: 'principal',
    summary: 'Replaces an access key by a new one',
    description:
      'Deactivates the old access key, which can be activated again. ConflictException if it is inactive or belongs to a ' +
      'session.',
    example: '-X POST http://127.0.0.1:8080/admin/users/line-3/access-keys/$KEY_ID/rotate',
    output: NewAccessKeyOutput,
  })
  async rotate(@Req() { call }: SignedRequest, @Param(AccessKeyPath) path: AccessKeyPath): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(await this.principals.by(call).rotateAccessKey(arnOf(call, path), path.id));
  }

  @AdminOperation({
    name: 'DeleteAccessKey',
    route: ['DELETE', ':kind/:name/access-keys/:id'],
    resource: 'principal',
    summary: 'Deletes an access key',
    description: 'Requests that it signs are refused from then on.',
    example: '-X DELETE http://127.0.0.1:8080/admin/users/line-3/access-keys/$KEY_ID',
    output: Nothing,
  })
  async delete(@Req() { call }: SignedRequest, @Param(AccessKeyPath) path: AccessKeyPath): Promise<Nothing> {
    await this.principals.by(call).removeAccessKey(arnOf(call, path), path.id);
    return {};
  }

  @AdminOperation({
    name: 'StartSession',
    route: ['POST', ':kind/:name/sessions'],
    resource: 'principal',
    summary: 'Issues temporary credentials of a user or a role',
    description:
      'An access key with a session token, valid for 15 minutes to 12 hours. The secrets are returned only here. **A caller ' +
      'who may start sessions of a user or a role has all of its permissions.**',
    example: '-d \'{"SessionName":"monday","DurationSeconds":3600}\' http://127.0.0.1:8080/admin/roles/line/sessions',
    output: NewAccessKeyOutput,
  })
  async startSession(
    @Req() { call }: SignedRequest,
    @Param(PrincipalPath) path: PrincipalPath,
    @Body(StartSessionInput) { SessionName, DurationSeconds }: StartSessionInput,
  ): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(
      await this.principals.by(call).startSession(arnOf(call, path), SessionName, DurationSeconds),
    );
  }
}
