#!/bin/sh
# Installs the Debian packages that the system tests use, those of the firmware, the examples and the recipes included.
# Needs root; without it the tests that miss a program say so and are skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
packages="faketime mosquitto mosquitto-clients nats-server rabbitmq-server postgresql socat strace"
packages="$packages python3-jinja2 python3-pip python3-pymodbus python3-serial-asyncio"
for list in deploy firmware-bridge/test docs/examples models/writer; do
  packages="$packages $(cat "$root/$list/debian-packages.txt")"
done
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "missing packages:$missing - install them with: sudo apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A broker that starts by itself would take the standard port: the tests start their own.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing
rm -f /usr/sbin/policy-rc.d
