import { PrincipalRepository } from '../access/principal.repository.js';
import type { Call } from '../call.js';
import { Nothing } from '../http/fields.js';
import { Body, Param } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { AdminOperation } from './admin-operation.js';
import { PrincipalPath, PutPasswordInput } from './admin.schema.js';
import { arnOf } from './principal-path.js';

@OperationsController('passwords')
export class PasswordsController {
  constructor(private readonly principals: PrincipalRepository) {}

  @AdminOperation({
    name: 'PutPassword',
    route: ['PUT', ':kind/:name/password'],
    resource: 'principal',
    summary: 'Sets the password of a user',
    description:
      'With a password, a user can sign in to the CCKM API, with the permissions of the user’s policies. A new password ends the ' +
      'lock after wrong passwords, and all of the user’s sign-ins under the old password. **A caller that may set passwords can do ' +
      'there everything that these users may do.**',
    example:
      '-X PUT -d \'{"Password":"correct horse battery staple"}\' http://127.0.0.1:8080/admin/users/line-3/password',
    output: Nothing,
  })
  async put(
    call: Call,
    @Param(PrincipalPath) path: PrincipalPath,
    @Body(PutPasswordInput) { Password }: PutPasswordInput,
  ): Promise<Nothing> {
    await this.principals.by(call).setPassword(arnOf(call, path), Password);
    return {};
  }

  @AdminOperation({
    name: 'DeletePassword',
    route: ['DELETE', ':kind/:name/password'],
    resource: 'principal',
    summary: 'Deletes the password of a user',
    description: 'The user can no longer sign in to the CCKM API, and the user’s sign-ins end.',
    example: '-X DELETE http://127.0.0.1:8080/admin/users/line-3/password',
    output: Nothing,
  })
  async delete(call: Call, @Param(PrincipalPath) path: PrincipalPath): Promise<Nothing> {
    await this.principals.by(call).removePassword(arnOf(call, path));
    return {};
  }
}
