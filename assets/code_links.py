"""Where an asset's code is, for the links that Dagster's UI shows beside it."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg


def references(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """Metadata that points to the functions, by what they are there for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        places = [_reference(label, function) for label, function in functions.items()]
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=places)}


def files(paths: Mapping[str, Path]) -> dict[str, Any]:
    """Metadata that points to whole files, by what they are there for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        places = [
            dg.LocalFileCodeReference(file_path=str(path), line_number=1, label=label)
            for label, path in paths.items()
        ]
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=places)}


def _reference(label: str, function: Callable[..., Any]) -> dg.LocalFileCodeReference:
    while isinstance(function, partial):
        function = function.func
    code = inspect.unwrap(function).__code__
    return dg.LocalFileCodeReference(
        file_path=code.co_filename, line_number=code.co_firstlineno, label=label
    )
