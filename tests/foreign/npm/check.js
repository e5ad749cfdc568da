// SPDX-License-Identifier: Apache-2.0
// An inclusion proof as the API answers it, judged by @sigstore/verify: check.js VKEY FILE...
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

// Its public interface wants a whole Sigstore bundle; the part that reads proofs is below dist.
const within = path.join(path.dirname(require.resolve("@sigstore/verify")), "tlog");
const { verifyCheckpoint } = require(path.join(within, "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(within, "merkle.js"));

function logOf(vkey) {
  const [name, id] = vkey.split("+", 2);
  const data = Buffer.from(vkey.slice(name.length + id.length + 2), "base64");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), data.subarray(1)]);
  return {
    logID: Buffer.from(id, "hex"),
    publicKey: crypto.createPublicKey({ key: spki, format: "der", type: "spki" }),
    baseURL: name,
  };
}

function entryOf(answer) {
  const proof = answer.inclusionProof;
  return {
    canonicalizedBody: Buffer.from(answer.canonicalizedBody, "base64"),
    inclusionProof: {
      ...proof,
      rootHash: Buffer.from(proof.rootHash, "base64"),
      hashes: proof.hashes.map((hash) => Buffer.from(hash, "base64")),
    },
  };
}

const [vkey, ...files] = process.argv.slice(2);
try {
  for (const file of files) {
    const entry = entryOf(JSON.parse(fs.readFileSync(file, "utf8")));
    const checkpoint = verifyCheckpoint(entry, [logOf(vkey)]);
    verifyMerkleInclusion(entry, checkpoint);
    console.log("accepted:", file);
  }
} catch (error) {
  console.error("refused:", error.message);
  process.exit(1);
}
