# SPDX-License-Identifier: Apache-2.0
"""Holds every answer of the daemon against openapi/openapi.yaml: status, type, headers, schema."""
import json
import re
import sys
from pathlib import Path

import jsonschema_rs

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import yaml_to_json  # noqa: E402  the loader the build uses

METHODS = ("get", "post", "put", "patch", "delete")
ROUTE = re.compile(r'^ROUTE\((\w+), "([^"]+)", (\w+), (\w+), (\w+), (\w+)\)', re.M)
ERROR = re.compile(r'^ERR\((\w+), "([^"]+)", (\d+), "([^"]+)"\)', re.M)


def routes():
    """The rows of the route table: (method, path, handler, role, where, repeat)."""
    return ROUTE.findall((ROOT / "handlers/routes_table.h").read_text())


def error_codes():
    """API code -> HTTP status, from the error table."""
    rows = ERROR.findall((ROOT / "core/error_table.h").read_text())
    return {code: int(status) for _, code, status, _ in rows}


def strict_json(text):
    """json.loads that refuses what other readers would read in another way."""
    def pairs(items):
        keys = [key for key, _ in items]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return dict(items)

    def constant(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)


class Contract:
    """The OpenAPI document, compiled as far as it was needed."""

    def __init__(self, path=ROOT / "openapi/openapi.yaml"):
        self.document = yaml_to_json.load(path)
        self.paths = self.document["paths"]
        self.codes = error_codes()
        self.validators = {}
        self.templates = []
        # A parameter that ends a route with "..." takes all that follows, slashes too.
        rests = {path.replace("...}", "}") for _, path, *_ in routes() if "...}" in path}
        for template in self.paths:
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if template in rests:
                pattern = pattern.removesuffix("[^/]+") + ".+"
            self.templates.append((template.count("{"), re.compile(pattern + "$"), template))
        self.templates.sort(key=lambda row: row[0])

    def template_of(self, path):
        for _, pattern, template in self.templates:
            if pattern.match(path):
                return template
        return None

    def operation(self, method, path):
        template = self.template_of(path)
        return self.paths[template].get(method.lower()) if template else None

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {"components": self.document["components"], "allOf": [schema]}
            self.validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self.validators[key]

    def validate(self, schema, value, where):
        problems = [f"{error.instance_path}: {error.message[:300]}"
                    for error in self.validator(schema).iter_errors(value)]
        assert not problems, f"{where} does not fit its schema: {problems}"

    def check(self, reply):
        """Fails when the reply is not one the document promises."""
        where = f"{reply.method} {reply.path} -> {reply.status}"
        self.check_always(reply, where)
        method = "GET" if reply.method == "HEAD" else reply.method
        operation = self.operation(method, reply.path)
        if reply.method == "OPTIONS" or operation is None:
            if reply.status >= 400:
                self.check_problem(reply, where)
            return
        responses = {str(status): value for status, value in operation["responses"].items()}
        described = responses.get(str(reply.status)) or responses.get("default")
        assert described, f"{where} is not documented, only {sorted(responses)}"
        self.check_described(reply, self.resolve(described), where)
        if reply.status >= 400:
            self.check_problem(reply, where)

    def check_always(self, reply, where):
        assert reply.headers.get("X-Request-Id"), f"{where} has no request id"
        assert reply.headers.get("X-Content-Type-Options") == "nosniff", where
        assert reply.headers.get("Cache-Control"), f"{where} has no Cache-Control"
        if reply.status == 405:
            assert reply.headers.get("Allow"), f"{where} has no Allow"
        if reply.status == 401:
            assert reply.headers.get("WWW-Authenticate", "").startswith("Bearer"), where

    def check_described(self, reply, described, where):
        for name, header in described.get("headers", {}).items():
            if self.resolve(header).get("required"):
                assert name in reply.headers, f"{where} lacks the header {name}"
        content = described.get("content")
        if not content:
            assert not reply.body, f"{where} has a body of no documented type"
            return
        if reply.method == "HEAD":
            assert not reply.body, f"{where} has a body"
            return
        kind = reply.media_type
        documented = {name.split(";")[0].strip(): value for name, value in content.items()}
        assert kind in documented, f"{where} is {kind}, not one of {sorted(documented)}"
        if kind.endswith("json"):
            self.validate(documented[kind].get("schema", True), reply.json, where)

    def check_problem(self, reply, where):
        """RFC 9457 and what our own problems always have."""
        if reply.method == "HEAD":
            return
        if reply.status == 503 and reply.media_type != "application/problem+json":
            return  # probes
        assert reply.media_type == "application/problem+json", f"{where} is {reply.media_type}"
        problem = reply.json
        assert problem["status"] == reply.status, where
        assert problem["type"] == "/problems/" + problem["code"], where
        assert problem["code"] in self.codes, f"{where}: code {problem['code']}"
        assert self.codes[problem["code"]] == reply.status, f"{where}: code {problem['code']}"
        assert problem["title"] and problem["instance"], where
        assert problem["request_id"] == reply.headers["X-Request-Id"], where
        if "retry_after_s" in problem:
            assert reply.headers["Retry-After"] == str(problem["retry_after_s"]), where
