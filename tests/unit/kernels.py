"""A notebook as it stands in its kernel once cells of it ran."""

DECLARED = 'environment = "local"  # help\nmode = "plan"  # help\nrun_id = ""  # help\nreview_minutes = None  # help'


def ran(*cells, **more):
    """A notebook's `globals()` after its parameters cell and these cells ran, one after another."""
    names = {}
    for cell in (DECLARED, *cells):
        exec("" if cell.startswith("%") else cell, names)
    return {**names, **more, "In": ["", DECLARED, *cells]}
