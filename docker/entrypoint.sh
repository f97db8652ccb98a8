#!/bin/sh
# Gives the service the secrets that lie in files, where there are any, and becomes it.
#
#   master-key         64 hexadecimal digits
#   credentials        AWS shared credentials file with the root access key
#   database-password  of the user in DATABASE_URL
set -eu

secrets=${SECRETS_DIR:-/run/secrets}

# The value of a line `name = value` of the credentials file.
credential() {
  sed -n "s/^ *$1 *= *\([^ ]*\) *\$/\1/p" "$secrets/credentials"
}

if [ -e "$secrets/master-key" ]; then
  export KEYBLOCK_MASTER_KEY_FILE="$secrets/master-key"
fi
if [ -e "$secrets/credentials" ]; then
  KEYBLOCK_ACCESS_KEY_ID=$(credential aws_access_key_id)
  KEYBLOCK_SECRET_ACCESS_KEY=$(credential aws_secret_access_key)
  export KEYBLOCK_ACCESS_KEY_ID KEYBLOCK_SECRET_ACCESS_KEY
fi
if [ -e "$secrets/database-password" ]; then
  # The PostgreSQL client takes it where the URL has none.
  PGPASSWORD=$(cat "$secrets/database-password")
  export PGPASSWORD
fi

exec "$@"
