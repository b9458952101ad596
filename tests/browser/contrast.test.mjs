// The shipped colours, measured: every pair in use keeps its contrast (WCAG 2.2), and no two statuses look alike,
// to typical eyes and under three colour deficiencies (Machado 2009, full severity; distance is ΔE76 in Lab).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../static/css/tokens.css", import.meta.url), "utf8");

const long = hex => (hex.length === 4 ? "#" + [...hex.slice(1)].map(c => c + c).join("") : hex);
const themes = { day: {}, night: {} };
for (const [, name, day, night] of css.matchAll(/--([a-z-]+):\s*light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)/g)) {
  themes.day[name] = long(day);
  themes.night[name] = long(night);
}

const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255);
const linear = c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = hex => {
  const [r, g, b] = rgb(hex).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
};

const statuses = ["ok", "warn", "act", "crit", "idle"];
const pairs = [
  ...["text", "muted", "accent"].flatMap(ink => ["bg", "surface", "sunk"].map(paper => [ink, paper, 4.5])),
  ["text", "tint", 4.5],
  ["on-accent", "accent", 4.5],
  ...["bg", "surface", "sunk"].map(paper => ["edge", paper, 3]),
  ["accent", "tint", 3],
  ...[...statuses, "info"].flatMap(family => [
    ...[`${family}-bg`, "surface", "bg", "sunk"].map(paper => [family, paper, 4.5]),
    ["text", `${family}-bg`, 4.5],
    ["accent", `${family}-bg`, 4.5],
  ]),
];

const deficiencies = {
  typical: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const lab = (hex, matrix) => {
  const seen = rgb(hex).map(linear);
  const [r, g, b] = matrix.map(row => Math.min(1, Math.max(0, row[0] * seen[0] + row[1] * seen[1] + row[2] * seen[2])));
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
  ].map(t => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
};

for (const [theme, colours] of Object.entries(themes)) {
  test(`every pair of the ${theme} keeps its contrast`, () => {
    const low = pairs
      .map(([ink, paper, least]) => {
        assert.ok(colours[ink] && colours[paper], `tokens.css has no --${ink} or --${paper}`);
        return [ink, paper, least, contrast(colours[ink], colours[paper])];
      })
      .filter(([, , least, ratio]) => ratio < least)
      .map(([ink, paper, least, ratio]) => `${ink} on ${paper}: ${ratio.toFixed(2)}, needs ${least}`);
    assert.deepEqual(low, []);
  });

  for (const [name, matrix] of Object.entries(deficiencies)) {
    test(`no two statuses of the ${theme} look alike (${name})`, () => {
      const near = [];
      statuses.forEach((one, i) =>
        statuses.slice(i + 1).forEach(other => {
          const [a, b] = [lab(colours[one], matrix), lab(colours[other], matrix)];
          const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
          if (distance < 20) near.push(`${one} and ${other}: ${distance.toFixed(1)}`);
        }),
      );
      assert.deepEqual(near, []);
    });
  }
}

test("a browser without light-dark() gets the same day", () => {
  const block = css.slice(css.indexOf("@supports not"));
  const plain = Object.fromEntries([...block.matchAll(/--([a-z-]+):(#[0-9a-f]+);/g)].map(([, name, hex]) => [name, long(hex)]));
  assert.deepEqual(plain, themes.day);
});
