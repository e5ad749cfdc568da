#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a YAML 1.2 file into JSON, refusing duplicate keys and keys that are not texts."""
import json
import re
import sys

import yaml

BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(BASE):
    """YAML 1.2's core types: 'no' and '2024-01-15' stay texts, as OpenAPI tools read them."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            where = f"line {key_node.start_mark.line + 1}"
            if isinstance(key, bool) or not isinstance(key, (str, int)):
                raise ValueError(f"{where}: key {key!r} is not a text")
            if str(key) in seen:
                raise ValueError(f"{where}: key {key!r} stands twice")
            seen.add(str(key))
        return super().construct_mapping(node, deep=deep)


def resolver(tag, pattern, first):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


resolver("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])
resolver("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
resolver("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789")
resolver("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789")


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=Loader)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: yaml_to_json.py FILE.yaml FILE.json")
    try:
        document = load(sys.argv[1])
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (yaml.YAMLError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(text + "\n")


if __name__ == "__main__":
    main()
