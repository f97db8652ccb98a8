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
openssl rand -hex 24 >database-password
cat >credentials <<EOF
[default]
aws_access_key_id = AKIA$(openssl rand -hex 8 | tr a-f A-F)
aws_secret_access_key = $(openssl rand -base64 30)
region = us-east-1
EOF
chmod 444 master-key database-password credentials
echo "Made $PWD. Keep a copy of master-key elsewhere: without it the keys in the database are lost."
