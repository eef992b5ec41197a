"""moto's server as this process, which works out once what moto would for every request. Loopback only; never AWS.

A state machine's definition is parsed when it is made, when it is analysed and for each execution; with each request
moto looks for its services in its own folder. Either gives the same every time, and was two thirds of what moto does.
"""

import functools
from typing import Any

from moto import server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

PARSE, BACKEND = "parse", "get_backend_for_host"
DEFINITIONS = 64  # of which parse trees are kept: a trial's is used for as long as its execution lasts


def _do_it_once() -> None:
    """Raises AttributeError where a version of moto has none of a name."""
    parse, backend = getattr(AmazonStateLanguageParser, PARSE), getattr(DomainDispatcherApplication, BACKEND)

    @functools.lru_cache(DEFINITIONS)
    def tree(definition: str) -> Any:  # noqa: ANN401 - antlr's
        return parse(definition)[1]

    def parsed(definition: str) -> tuple[Any, Any]:
        # What is executed keeps state, and so is made for each execution; the tree below it is only read.
        return Preprocessor().visit(tree(definition)), tree(definition)

    setattr(AmazonStateLanguageParser, PARSE, staticmethod(parsed))
    setattr(DomainDispatcherApplication, BACKEND, functools.cache(backend))


if __name__ == "__main__":
    _do_it_once()
    server.main()
