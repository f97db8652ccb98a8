import { PrincipalRepository } from '../access/principal.repository.js';
import { AdminOperation } from './admin-operation.js';
import { OperationsController } from '../http/operation.js';
import { Nothing } from '../http/fields.js';
import { Body, Param } from '../http/input.js';
import type { Call } from '../call.js';
import { presentNewAccessKey } from './admin.presenter.js';
import {
  type AccessKeyPath,
  DeletedAccessKeyPath,
  NewAccessKeyOutput,
  PrincipalPath,
  RotatedAccessKeyPath,
  StartSessionInput,
  UpdateAccessKeyInput,
  UpdatedAccessKeyPath,
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
      'The secret access key is returned only in this response. **A caller that may create access keys for a ' +
      'principal can do everything that this principal may do.**',
    example: '-X POST http://127.0.0.1:8080/admin/users/line-3/access-keys',
    output: NewAccessKeyOutput,
  })
  async create(call: Call, @Param(PrincipalPath) path: PrincipalPath): Promise<NewAccessKeyOutput> {
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
    call: Call,
    @Param(UpdatedAccessKeyPath) path: AccessKeyPath,
    @Body(UpdateAccessKeyInput) { Status }: UpdateAccessKeyInput,
  ): Promise<Nothing> {
    await this.principals.by(call).setActive(arnOf(call, path), path.id, Status === 'Active');
    return {};
  }

  @AdminOperation({
    name: 'RotateAccessKey',
    route: ['POST', ':kind/:name/access-keys/:id/rotate'],
    resource: 'principal',
    summary: 'Replaces an access key with a new one',
    description:
      'The old access key is deactivated, and can be activated again. Fails with ConflictException if the ' +
      'access key is inactive or belongs to a session.',
    example: '-X POST http://127.0.0.1:8080/admin/users/line-3/access-keys/$KEY_ID/rotate',
    output: NewAccessKeyOutput,
  })
  async rotate(call: Call, @Param(RotatedAccessKeyPath) path: AccessKeyPath): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(await this.principals.by(call).rotateAccessKey(arnOf(call, path), path.id));
  }

  @AdminOperation({
    name: 'DeleteAccessKey',
    route: ['DELETE', ':kind/:name/access-keys/:id'],
    resource: 'principal',
    summary: 'Deletes an access key',
    description: 'The access key can never sign again.',
    example: '-X DELETE http://127.0.0.1:8080/admin/users/line-3/access-keys/$KEY_ID',
    output: Nothing,
  })
  async delete(call: Call, @Param(DeletedAccessKeyPath) path: AccessKeyPath): Promise<Nothing> {
    await this.principals.by(call).removeAccessKey(arnOf(call, path), path.id);
    return {};
  }

  @AdminOperation({
    name: 'StartSession',
    route: ['POST', ':kind/:name/sessions'],
    resource: 'principal',
    summary: 'Creates temporary credentials for a user or a role',
    description:
      'The credentials include a session token and are valid for 15 minutes to 12 hours. They are returned ' +
      'only in this response. **A caller that may start sessions for a principal can do everything that this ' +
      'principal may do.**',
    example: '-d \'{"SessionName":"monday","DurationSeconds":3600}\' http://127.0.0.1:8080/admin/roles/line/sessions',
    output: NewAccessKeyOutput,
  })
  async startSession(
    call: Call,
    @Param(PrincipalPath) path: PrincipalPath,
    @Body(StartSessionInput) { SessionName, DurationSeconds }: StartSessionInput,
  ): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(
      await this.principals.by(call).startSession(arnOf(call, path), SessionName, DurationSeconds),
    );
  }
}
