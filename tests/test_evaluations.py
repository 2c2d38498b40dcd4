"""Evaluations and benchmarks, which run by hand, find what they take from each other."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDERS = "evaluation", "benchmarks"
SCRIPTS = sorted(path for folder in FOLDERS for path in TESTS.glob(f"{folder}/*.py"))


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def module(name):
    return TESTS.parent.joinpath(*name.split(".")).with_suffix(".py")


def defined(path):
    """The names of functions and classes anywhere in a module, and of all it assigns or imports."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.alias(asname=None, name=name):
                yield name
            case ast.alias(asname=name):
                yield name


def taken(path):
    """Pairs of a module of ours and a name that a script takes from it."""
    modules = {}
    for node in ast.walk(parsed(path)):
        match node:
            case ast.ImportFrom(module=str(whole)) if whole.startswith("tests."):
                for alias in node.names:
                    if module(f"{whole}.{alias.name}").exists():
                        modules[alias.asname or alias.name] = f"{whole}.{alias.name}"
                    else:
                        yield whole, alias.name
            case ast.Attribute(value=ast.Name(id=name)) if name in modules:
                yield modules[name], node.attr


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_a_script_takes_from_another_is_there(path):
    assert [each for each in taken(path) if each[1] not in defined(module(each[0]))] == []
