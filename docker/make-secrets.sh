#!/bin/sh
# Makes the secrets of docker-compose.yml in docker/secrets, once: sh docker/make-secrets.sh
#
# Only the owner can enter the folder. The files in it are readable for all, because a container sees the files and not
# the folder, and the user in it has another number than the one on this machine.
set -eu

cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "$PWD/secrets is there already. With a new master key the keys in the database are lost, so nothing was changed." >&2
  exit 1
fi
mkdir -m 700 secrets
cd secrets
openssl rand -hex 32 >master-key
openssl rand -base64 30 >secret-access-key
openssl rand -hex 24 >database-password
echo "postgres:5432:keyblock:keyblock:$(cat database-password)" >pgpass
# For the clients on this machine; the service reads the secret alone, and its id from docker-compose.yml.
cat >credentials <<END
[default]
aws_access_key_id = AKIAKEYBLOCKROOT0001
aws_secret_access_key = $(cat secret-access-key)
region = us-east-1
END
chmod 444 *
echo "Made $PWD. Keep a copy of master-key elsewhere: without it the keys in the database are lost."
