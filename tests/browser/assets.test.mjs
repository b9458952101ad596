// Budgets and manners of the shipped files.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const file = path => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const sheets = readdirSync(new URL("../../static/css/", import.meta.url)).filter(name => name.endsWith(".css"));
const styles = sheets.map(name => [name, file(`static/css/${name}`)]);
const templates = readdirSync(new URL("../../templates/", import.meta.url), { recursive: true })
  .filter(name => name.endsWith(".html"))
  .map(name => [name, file(`templates/${name}`)]);

test("the stylesheet is at most 25 KB, the script at most 20 KB", () => {
  const bytes = styles.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  assert.ok(bytes <= 25_000, `static/css: ${bytes} bytes`);
  assert.ok(Buffer.byteLength(file("static/app.js")) <= 20_000);
});

test("every rule lies in a layer, and knows no left and no right", () => {
  for (const [name, text] of styles) {
    const plain = text.replace(/\/\*[^]*?\*\//g, "");
    assert.match(plain, /^\s*@layer (tokens|base|layout|components|print)\b/, name);
    const physical = plain.match(/[{;]\s*((margin|padding|border)-(left|right|top|bottom)|left|right|top|bottom|width|height|min-width|max-width|min-height|max-height|text-align:(left|right)|float:(left|right))\s*:?[^;}]*/g);
    assert.equal(physical, null, name);
  }
});

test("no template carries a style or a script of its own", () => {
  for (const [name, text] of templates) {
    assert.doesNotMatch(text, /\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)/, name);
  }
});

test("every icon that a template names is in the sprite", () => {
  const drawn = new Set([...file("static/icons.svg").matchAll(/<symbol id="i-([a-z-]+)"/g)].map(([, name]) => name));
  for (const [name, text] of templates) {
    for (const [, icon] of text.matchAll(/icon::ico\("([^"]+)"\)/g)) assert.ok(drawn.has(icon), `${name}: no icon "${icon}"`);
  }
});
