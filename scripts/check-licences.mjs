// Checks that every crate which is built into the programs or their tests has a
// licence that this project may be combined with.
//
// A crate passes when its SPDX expression can be satisfied by the licences
// below: of `A OR B` one is enough, of `A AND B` both are needed.

import { execFileSync } from "node:child_process";

const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

// Whether the expression can be satisfied. Grammar: `OR` binds least, then
// `AND`, then `WITH`; an old slash stands for `OR`.
function satisfied(expression) {
  const words = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;

  function either() {
    let good = both();
    while (words[at] === "OR") {
      at += 1;
      good = both() || good;
    }
    return good;
  }
  function both() {
    let good = one();
    while (words[at] === "AND") {
      at += 1;
      good = one() && good;
    }
    return good;
  }
  function one() {
    if (words[at] === "(") {
      at += 1;
      const good = either();
      at += 1;
      return good;
    }
    let licence = words[at++];
    if (words[at] === "WITH") {
      licence += ` WITH ${words[at + 1]}`;
      at += 2;
    }
    return ALLOWED.has(licence);
  }

  return either() && at === words.length;
}

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--locked", "--format-version", "1"], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  }),
);
const refused = metadata.packages.filter(
  ({ license }) => !satisfied(license ?? "none given"),
);
for (const { name, version, license } of refused) {
  console.error(`${name} ${version}: ${license ?? "no licence given"}`);
}
console.log(`${metadata.packages.length} crates, ${refused.length} refused`);
process.exitCode = refused.length === 0 ? 0 : 1;
