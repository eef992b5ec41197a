"""The kernel in which the notebooks of a run are executed."""

from lib.cli.kernel import CellsKernel, KernelOfOurs, Shell
from lib.settings import ROOT


def test_the_kernel_of_a_run_has_that_shell():
    assert KernelOfOurs.kernel_class.default_value is CellsKernel
    assert CellsKernel.shell_class.default_value is Shell
    assert (ROOT / "runbooks").is_dir()
