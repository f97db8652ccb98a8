import { isWeakDecimalizationTable } from '../../../crypto/ibm3624.js';
import { ValidationException } from '../../../errors/exceptions.js';

/** Rule for the decimalization tables of requests. */
export class DecimalizationTables {
  /** @param acceptsWeak accepts any table, even one that reveals PINs */
  constructor(private readonly acceptsWeak: boolean) {}

  /**
   * @param attributes PIN attributes of a request, with or without a table
   * @throws ValidationException for a weak table
   */
  check(attributes: { DecimalizationTable?: string } | object): void {
    if (this.acceptsWeak || !('DecimalizationTable' in attributes)) return;
    if (isWeakDecimalizationTable(attributes.DecimalizationTable as string))
      throw new ValidationException(
        'DecimalizationTable must have at least 8 different digits, and none more than 4 times: other tables reveal ' +
          'PINs. The operator can allow them with KEYBLOCK_WEAK_DECIMALIZATION.',
      );
  }
}
