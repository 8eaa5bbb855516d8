"""The public list, and that importing it is inert and light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import personae

HEAVY = ("av", "sklearn", "onnx", "skimage", "matplotlib", "scipy", "rich", "pandas")


def loaded_after(code: str) -> set[str]:
    """Names of the top-level modules a fresh interpreter has loaded after `code`."""
    script = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_public_name_can_be_imported() -> None:
    for name in personae.__all__:
        assert getattr(personae, name) is not None
    assert len(set(personae.__all__)) == len(personae.__all__)
    assert set(dir(personae)) == set(personae.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = personae.no_such_thing


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_after("import personae") & {*HEAVY, "numpy", "cv2", "onnxruntime", "PIL"}


def test_importing_writes_nothing_and_sets_up_no_logging() -> None:
    code = (
        "import logging, os; before = dict(os.environ); import personae; "
        "from personae import CharacterRecognizer, FaceAnalyzer, CharacterModel; "
        "CharacterRecognizer(); FaceAnalyzer(); "
        "assert dict(os.environ) == before; assert not logging.getLogger().handlers; "
        "assert not logging.getLogger('personae').handlers; assert not os.path.exists('personae')"
    )
    loaded = loaded_after(code)
    assert not loaded & {"sklearn", "cv2", "onnxruntime", "PIL"}
