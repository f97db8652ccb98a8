// A PKCS#11 module that passes every call on to SoftHSM2, but misbehaves as a file tells it. SHIM_ORDERS in the
// environment names the file, whose first word is read at each call of a shimmed function:
//   crash | abort | hang | wait | garbage | removed: what C_Encrypt, C_Decrypt and C_GenerateRandom do; wait takes 300 ms;
//     garbage is written to the process's channel; removed also concerns C_GetTokenInfo
//   stale: from then on, the same functions answer CKR_USER_NOT_LOGGED_IN in this process, whatever the order is
//   idle-random | idle-encrypt: C_GenerateRandom or C_Encrypt answers CKR_OK without writing anything
//   no-attributes: C_GetAttributeValue answers CKR_ATTRIBUTE_TYPE_INVALID
//   short: C_Encrypt and C_Decrypt answer a byte less
//   logged-in | memory: what C_Login answers
//   logout | sessions | no-login: C_EncryptInit, C_DecryptInit and C_FindObjectsInit log the process out first, once;
//     sessions closes all sessions; no-login also has C_Login answer CKR_DEVICE_ERROR
//   locked | no-pin: the flags of the token
//   empty: no slot holds a token
//   uninitialized: C_Initialize fails
//   slow: C_Initialize removes the file, so that no other process follows the order, and takes 30 s
// Handles of objects are numbered from 1 on in the order in which they are found after a login.
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
  if (is("garbage") && write(3, "\0\0\0\x0a garbage and more", 21) < 0) abort();
  if (is("wait")) usleep(300000);
  static int is_stale;
  if (is("stale")) is_stale = 1;
  if (is_stale) return CKR_USER_NOT_LOGGED_IN;
  return is("removed") ? CKR_DEVICE_REMOVED : CKR_OK;
}

static CK_OBJECT_HANDLE handles[64];
static CK_ULONG known;

static CK_OBJECT_HANDLE real_handle(CK_OBJECT_HANDLE number) {
  return number >= 1 && number <= known ? handles[number - 1] : CK_INVALID_HANDLE;
}

static CK_OBJECT_HANDLE number_of(CK_OBJECT_HANDLE handle) {
  CK_ULONG i = 0;
  while (i < known && handles[i] != handle) i++;
  if (i == known && known < 64) handles[known++] = handle;
  return i + 1;
}

static void log_out(CK_SESSION_HANDLE s) {
  static int is_done;
  int sessions = is("sessions");
  if (!sessions && !is("logout") && !is("no-login")) {
    is_done = 0;
    return;
  }
  if (is_done) return;
  is_done = 1;
  known = 0;
  CK_SESSION_INFO info;
  if (sessions && real->C_GetSessionInfo(s, &info) == CKR_OK) real->C_CloseAllSessions(info.slotID);
  if (!sessions) real->C_Logout(s);
}

static CK_RV encrypt_init(CK_SESSION_HANDLE s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  log_out(s);
  CK_OBJECT_HANDLE handle = real_handle(key);
  return real->C_EncryptInit(s, mechanism, handle);
}

static CK_RV decrypt_init(CK_SESSION_HANDLE s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  log_out(s);
  CK_OBJECT_HANDLE handle = real_handle(key);
  return real->C_DecryptInit(s, mechanism, handle);
}

static CK_RV find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE_PTR template, CK_ULONG n) {
  log_out(s);
  return real->C_FindObjectsInit(s, template, n);
}

static CK_RV find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE_PTR out, CK_ULONG most, CK_ULONG_PTR count) {
  CK_RV rv = real->C_FindObjects(s, out, most, count);
  for (CK_ULONG i = 0; rv == CKR_OK && i < *count; i++) out[i] = number_of(out[i]);
  return rv;
}

static CK_RV attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template, CK_ULONG n) {
  if (is("no-attributes")) return CKR_ATTRIBUTE_TYPE_INVALID;
  return real->C_GetAttributeValue(s, real_handle(object), template, n);
}

static CK_RV generate_key(CK_SESSION_HANDLE s, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template, CK_ULONG n,
                          CK_OBJECT_HANDLE_PTR key) {
  CK_RV rv = real->C_GenerateKey(s, mechanism, template, n, key);
  if (rv == CKR_OK) *key = number_of(*key);
  return rv;
}

static CK_RV destroy(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object) {
  return real->C_DestroyObject(s, real_handle(object));
}

static CK_RV encrypt(CK_SESSION_HANDLE s, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR m) {
  CK_RV rv = ordered();
  if (rv == CKR_OK && out && is("idle-encrypt")) {
    *m = n + 16;
    return CKR_OK;
  }
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
  return rv == CKR_OK && !is("idle-random") ? real->C_GenerateRandom(s, out, n) : rv;
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
  if (is("slow")) {
    unlink(getenv("SHIM_ORDERS"));
    sleep(30);
  }
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
  if (is("no-login")) return CKR_DEVICE_ERROR;
  return real->C_Login(s, user, pin, n);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  if (!module) return CKR_GENERAL_ERROR;
  CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  CK_RV rv = get(&real);
  if (rv != CKR_OK) return rv;
  list = *real;
  list.C_EncryptInit = encrypt_init;
  list.C_DecryptInit = decrypt_init;
  list.C_FindObjectsInit = find_init;
  list.C_FindObjects = find;
  list.C_GetAttributeValue = attributes;
  list.C_GenerateKey = generate_key;
  list.C_DestroyObject = destroy;
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
