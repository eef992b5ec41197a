"""Which partition of AWS a region lies in: the second field of every ARN. From botocore's own list; calls nothing."""

import functools
import re


def of_region(region: str) -> str:
    """`aws`, `aws-cn`, `aws-us-gov` and so on. Raises ValueError for a region that is in none."""
    known = _known()
    for partition, regions, pattern in known:
        if region in regions or pattern.fullmatch(region):
            return partition
    raise ValueError(f"is in no partition of AWS ({', '.join(sorted(name for name, _, _ in known))}); name a region")


@functools.cache
def _known() -> tuple[tuple[str, frozenset[str], re.Pattern[str]], ...]:
    """Each partition, its regions, and the pattern of those that AWS may open in it."""
    import botocore.loaders  # here, since what only draws or computes never loads it

    rows = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    return tuple((str(row["id"]), frozenset(row["regions"]), re.compile(row["regionRegex"])) for row in rows)
