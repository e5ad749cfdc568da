// SPDX-License-Identifier: Apache-2.0
// The canonical bytes of JSONL records, as JavaScript makes them: reads lines, writes hashes.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");

function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return "[" + value.map(canonical).join(", ") + "]";
  const members = Object.keys(value).sort();
  return "{" + members.map((key) => JSON.stringify(key) + ": " + canonical(value[key])).join(", ") + "}";
}

for (const line of fs.readFileSync(0, "utf8").trimEnd().split("\n")) {
  const { proof, ...record } = JSON.parse(line);
  console.log(crypto.createHash("sha256").update(canonical(record)).digest("hex"));
}
