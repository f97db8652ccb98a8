// Prints the labels of all secret keys on a token, as JSON: node keys-on-token.js <module> <token> <pin>
//
// A process of SoftHSM2 that is killed while it writes an object may leave one without label, id and value, which is no
// key.
import pkcs11js from 'pkcs11js';

const [path, token, pin] = process.argv.slice(2);
const { CKA_CLASS, CKA_LABEL, CKA_VALUE_LEN, CKF_SERIAL_SESSION, CKO_SECRET_KEY, CKU_USER } = pkcs11js;
const module = new pkcs11js.PKCS11();
module.load(path);
module.C_Initialize();
const slot = module.C_GetSlotList(true).find((each) => module.C_GetTokenInfo(each).label.trim() === token);
const session = module.C_OpenSession(slot, CKF_SERIAL_SESSION);
module.C_Login(session, CKU_USER, pin);
module.C_FindObjectsInit(session, [{ type: CKA_CLASS, value: CKO_SECRET_KEY }]);
const labels = [];
for (;;) {
  const handles = module.C_FindObjects(session, 100);
  if (handles.length === 0) break;
  for (const handle of handles) {
    const [label, length] = module
      .C_GetAttributeValue(session, handle, [{ type: CKA_LABEL }, { type: CKA_VALUE_LEN }])
      .map(({ value }) => value);
    if (label.length > 0 || length.some((byte) => byte !== 0)) labels.push(label.toString());
  }
}
process.stdout.write(JSON.stringify(labels));
module.C_Finalize();
