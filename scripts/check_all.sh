#!/bin/sh
# What `make check` leaves out: every installed Python, the wheel as a user installs it, and the benchmarks' quick settings.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m build --wheel --outdir "$work/dist" . >/dev/null
wheel=$(ls "$work"/dist/*.whl)
case "$wheel" in
    *-py3-none-any.whl) echo "pure wheel: $(basename "$wheel")" ;;
    *) echo "not a pure-Python wheel: $wheel"; exit 1 ;;
esac

for python in python3.11 python3.12 python3.13 python3.14; do
    "$python" -c 'import ensurepip' 2>/dev/null || { echo "$python: not installed, passed over"; continue; }
    "$python" -m venv "$work/$python"
    "$work/$python/bin/pip" install --quiet --disable-pip-version-check "$wheel[dev]"
    echo "$python: tests against the wheel"
    "$work/$python/bin/python" -m pytest -q
done

.venv/bin/python -m pytest -q -m exhaustive
PERSONAE_KILLS=60 .venv/bin/python -m pytest -q tests/project/test_kills.py tests/project/test_kill.py
PERSONAE_STRESS_S=60 .venv/bin/python -m pytest -q tests/project/test_stress.py
PERSONAE_KILL_EVERY=1 .venv/bin/python -m pytest -q tests/project/test_forget_kills.py
# Some twenty minutes: 2,000 files that went wrong for every reader; only errors of ours, in 10 s and 3 GB.
.venv/bin/python -m benchmarks.mutations.run

.venv/bin/python benchmarks/speed.py --quick

# Only that they run: the figures of docs/measurements.md take a quiet machine and seven rounds. A clip to loop is needed.
clip=${PERSONAE_SHARED:-shared}/data/friends/clip.mp4
if [ -f "$clip" ]; then
    .venv/bin/python -m benchmarks.cluster.films "$clip" --films 4 --seconds 15 --rounds 1 --threads 1 || true
    .venv/bin/python -m benchmarks.cluster.pieces "$clip" --minutes 2 --piece-s 60 --rounds 1 || true
    .venv/bin/python -m benchmarks.cluster.coordinator "$clip" --films 200 --workers 20 --commits 20 --look-s 1
fi
