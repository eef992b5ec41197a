"""A client of pages, which by a plain call answers only the first."""

from types import SimpleNamespace

from lib import settings as parameters

LOCAL = parameters.load("local")


class Paged:
    """A client of these pages by operation: by its paginator all of them, by a plain call only the first."""

    def __init__(self, **pages):
        self.pages, self.asked = pages, []

    def get_paginator(self, operation):
        def paginate(PaginationConfig=None, **asked):  # noqa: N803 - as botocore names it
            self.asked.append((operation, asked))
            most = (PaginationConfig or {}).get("MaxItems")
            given = self.pages[operation](**asked) if callable(self.pages[operation]) else self.pages[operation]
            for page in given:
                (key, rows), *_ = page.items()
                yield {key: rows[:most] if most else rows}

        return SimpleNamespace(paginate=paginate)

    def __getattr__(self, operation):
        if operation not in self.pages:
            raise AttributeError(operation)

        def call(nextToken=None, **asked):  # noqa: N803
            pages = self.pages[operation](**asked) if callable(self.pages[operation]) else self.pages[operation]
            at = int(nextToken or 0)
            more = {"nextToken": str(at + 1)} if at + 1 < len(pages) else {}
            return {**pages[at], **more}

        return call


def live(**clients):
    return SimpleNamespace(settings=LOCAL, client=lambda service: clients[service], sleep=lambda _: None)
