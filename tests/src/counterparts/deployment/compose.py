"""Reads a compose file, given as JSON, by the compose specification: a field or a value that it does not know is an error."""

import sys

import compose_spec

try:
    compose_spec.PyCompose.from_json(sys.stdin.read())
except ValueError as problem:
    sys.exit(str(problem))
