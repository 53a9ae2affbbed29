#!/bin/sh
# Unpacks qemu-user 10 of Debian 13 into build/qemu-user, without installing it: version 7.2 of Debian 12 crashes in ONNX Runtime.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder="$root/build/qemu-user"
[ ! -x "$folder/usr/bin/qemu-aarch64" ] || exit 0
rm -rf "$folder" && mkdir -p "$folder/apt/state/lists/partial" "$folder/apt/cache/archives/partial"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$folder/apt/sources.list"
# An apt of its own: what this machine has installed, and from where, is not touched.
cat > "$folder/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$folder/apt/state";
Dir::State::status "/dev/null";
Dir::Cache "$folder/apt/cache";
APT::Sandbox::User "root";
CONF
export APT_CONFIG="$folder/apt/apt.conf"
apt-get update -qq
cd "$folder/apt" && apt-get download -qq qemu-user
dpkg-deb -x qemu-user_*.deb "$folder"
rm -rf "$folder/apt"
