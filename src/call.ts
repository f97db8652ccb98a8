/** Who signed a request. */
export interface Principal {
  /** e.g. `arn:aws:iam::000000000000:root` */
  arn: string;
  accountId: string;
  accessKeyId: string;
}

/** One request, as every layer below HTTP knows it. */
export interface Call {
  /** Name in the service model. */
  operation: string;
  principal: Principal;
  /** The Region of the credential scope. */
  region: string;
  /** ARNs of the keys that the call resolved, for the log. */
  keyArns: string[];
}
