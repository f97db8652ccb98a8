// A PKCS#11 module that passes every call on to SoftHSM2, but misbehaves as a file tells it. SHIM_ORDERS in the
// environment names the file, whose first word is read at each call of a shimmed function:
//   crash | abort | hang | wait | removed: what C_Encrypt, C_Decrypt and C_GenerateRandom do; wait takes 300 ms; removed
//     also concerns C_GetTokenInfo
//   short: C_Encrypt and C_Decrypt answer a byte less
//   logged-in | memory: what C_Login answers
//   locked | no-pin: the flags of the token
//   empty: no slot holds a token
//   uninitialized: C_Initialize fails
//   slow: C_Initialize takes 30 s
// Every C_Login appends a byte to the file that SHIM_LOGINS names.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CK_PTR *
#define CK_DECLARE_FUNCTION(returnType, name) returnType name
#define CK_DECLARE_FUNCTION_POINTER(returnType, name) returnType(*name)
#define CK_CALLBACK_FUNCTION(returnType, name) returnType(*name)
#ifndef NULL_PTR
#define NULL_PTR 0
#endif
#include "pkcs11.h"

static CK_FUNCTION_LIST list;
static CK_FUNCTION_LIST_PTR real;

static int is(const char *order) {
  char word[16] = "";
  const char *path = getenv("SHIM_ORDERS");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  if (fscanf(file, "%15s", word) != 1) word[0] = 0;
  fclose(file);
  return !strcmp(word, order);
}

static CK_RV ordered(void) {
  if (is("crash")) *(volatile int *)0 = 1;
  if (is("abort")) abort();
  if (is("hang")) sleep(30);
  if (is("wait")) usleep(300000);
  return is("removed") ? CKR_DEVICE_REMOVED : CKR_OK;
}

static CK_RV encrypt(CK_SESSION_HANDLE s, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR m) {
  CK_RV rv = ordered();
  if (rv == CKR_OK) rv = real->C_Encrypt(s, in, n, out, m);
  if (rv == CKR_OK && out && is("short")) --*m;
  return rv;
}

static CK_RV decrypt(CK_SESSION_HANDLE s, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR m) {
  CK_RV rv = ordered();
  if (rv == CKR_OK) rv = real->C_Decrypt(s, in, n, out, m);
  if (rv == CKR_OK && out && is("short")) --*m;
  return rv;
}

static CK_RV generate_random(CK_SESSION_HANDLE s, CK_BYTE_PTR out, CK_ULONG n) {
  CK_RV rv = ordered();
  return rv == CKR_OK ? real->C_GenerateRandom(s, out, n) : rv;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  if (is("removed")) return CKR_DEVICE_REMOVED;
  CK_RV rv = real->C_GetTokenInfo(slot, info);
  if (is("locked")) info->flags |= CKF_USER_PIN_LOCKED;
  if (is("no-pin")) info->flags &= ~CKF_USER_PIN_INITIALIZED;
  return rv;
}

static CK_RV slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  if (!present || !is("empty")) return real->C_GetSlotList(present, slots, count);
  *count = 0;
  return CKR_OK;
}

static CK_RV initialize(CK_VOID_PTR args) {
  if (is("slow")) sleep(30);
  return is("uninitialized") ? CKR_GENERAL_ERROR : real->C_Initialize(args);
}

static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n) {
  const char *path = getenv("SHIM_LOGINS");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (file) {
    fputc('.', file);
    fclose(file);
  }
  if (is("logged-in")) return CKR_USER_ALREADY_LOGGED_IN;
  if (is("memory")) return CKR_HOST_MEMORY;
  return real->C_Login(s, user, pin, n);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  if (!module) return CKR_GENERAL_ERROR;
  CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  CK_RV rv = get(&real);
  if (rv != CKR_OK) return rv;
  list = *real;
  list.C_Encrypt = encrypt;
  list.C_Decrypt = decrypt;
  list.C_GenerateRandom = generate_random;
  list.C_GetTokenInfo = token_info;
  list.C_Login = login;
  list.C_GetSlotList = slot_list;
  list.C_Initialize = initialize;
  *out = &list;
  return CKR_OK;
}
