/** Operations of the admin API, and whether each is about a user or a role, or about nothing: `*`. */
export const ADMIN_OPERATION_RESOURCES = {
  CreatePrincipal: 'principal',
  GetPrincipal: 'principal',
  ListPrincipals: 'nothing',
  DeletePrincipal: 'principal',
  PutPrincipalPolicy: 'principal',
  GetPrincipalPolicy: 'principal',
  DeletePrincipalPolicy: 'principal',
  CreateAccessKey: 'principal',
  UpdateAccessKey: 'principal',
  RotateAccessKey: 'principal',
  DeleteAccessKey: 'principal',
  StartSession: 'principal',
  ExplainAccess: 'principal',
} as const;

export type AdminOperationName = keyof typeof ADMIN_OPERATION_RESOURCES;
