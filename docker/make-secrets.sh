#!/bin/sh
# Generates the secrets of docker-compose.yml in docker/secrets, once: sh docker/make-secrets.sh
#
# Only the owner can enter the folder. The files in it are readable by everyone, because a container mounts the files without
# the folder, and its user has another UID than the owner on this machine.
set -eu

cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "$PWD/secrets exists already. A new master key would make the keys in the database unusable, so nothing was changed." >&2
  exit 1
fi
mkdir -m 700 secrets
cd secrets
openssl rand -hex 32 >master-key
openssl rand -base64 30 >secret-access-key
openssl rand -hex 24 >database-password
echo "postgres:5432:keyblock:keyblock:$(cat database-password)" >pgpass
# For clients on this machine. The service reads the secret from its own file and the id from docker-compose.yml.
cat >credentials <<END
[default]
aws_access_key_id = AKIAKEYBLOCKROOT0001
aws_secret_access_key = $(cat secret-access-key)
region = us-east-1
END
chmod 444 *
echo "Created $PWD. Keep a copy of master-key elsewhere: without it the keys in the database are lost."
