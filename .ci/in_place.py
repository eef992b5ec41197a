"""Builds this package in place, and nothing else: a wheel would hold neither the parameters nor the notebooks."""

import warnings

from setuptools import build_meta
from setuptools.build_meta import get_requires_for_build_editable, prepare_metadata_for_build_editable

__all__ = ["get_requires_for_build_editable", "prepare_metadata_for_build_editable"]

REFUSAL = (
    "this package runs from its checkout alone: its parameters, its notebooks and the records of its runs lie beside "
    "lib/, and in a wheel or an archive every command would fail. Clone the repository, then `make rehearse`, or "
    "`pip install --require-hashes -r requirements.lock` and `pip install --no-deps --no-build-isolation -e .`"
)


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None) -> str:
    """As setuptools does it, without its warning to be careful, which pip shows and no installation can heed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None) -> str:
    """Refuse, in one sentence."""
    raise SystemExit(REFUSAL)


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """Refuse, in one sentence."""
    raise SystemExit(REFUSAL)
