// A visitor without a browser: keeps cookies for each server, follows nothing by itself, and sends only forms that a page
// showed, with their hidden fields.
import assert from "node:assert/strict";

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: "\"", "#34": "\"", "#38": "&", "#39": "'", "#60": "<", "#62": ">", "#x27": "'" };
const decoded = text => text.replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
const words = html => decoded(html.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s/>])`));
  return found ? decoded(found[1] ?? "") : undefined;
};

class Page {
  constructor(url, answer, html) {
    this.url = url;
    this.status = answer.status;
    this.headers = answer.headers;
    this.html = html;
  }

  /** All words of the page. */
  get text() { return words(this.html.match(/<main[\s\S]*<\/main>/)?.[0] ?? this.html) }

  /** Where the answer leads to, in full. */
  get location() {
    const to = this.headers.get("location");
    assert.ok(to, `${this.url} leads nowhere: ${this.status} ${this.text}`);
    return new URL(to, this.url).href;
  }

  /** The fields of the form that goes to `action`, with `typed` in their place. */
  form(action, typed) {
    const forms = [...this.html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => form);
    const form = forms.find(form => attribute(form.match(/<form[^>]*>/)[0], "action") === action);
    assert.ok(form, `no form goes to ${action} on ${this.url}: ${this.text}`);
    const fields = new URLSearchParams();
    const add = (name, value) => { if (name && value !== undefined && !(name in typed)) fields.append(name, value) };
    for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
      const unchecked = ["checkbox", "radio"].includes(attribute(tag, "type")) && attribute(tag, "checked") === undefined;
      if (!unchecked) add(attribute(tag, "name"), attribute(tag, "value") ?? "");
    }
    for (const [, tag, inside] of form.matchAll(/(<select[^>]*>)([\s\S]*?)<\/select>/g)) {
      const options = [...inside.matchAll(/<option[^>]*>/g)].map(([option]) => option);
      const chosen = options.find(option => attribute(option, "selected") !== undefined) ?? options[0];
      add(attribute(tag, "name"), chosen && attribute(chosen, "value"));
    }
    for (const [, tag, inside] of form.matchAll(/(<textarea[^>]*>)([\s\S]*?)<\/textarea>/g)) add(attribute(tag, "name"), decoded(inside));
    for (const [name, value] of Object.entries(typed)) fields.append(name, value);
    return fields;
  }

  /** Where the page's forms go. */
  get actions() { return [...this.html.matchAll(/<form[^>]*>/g)].map(([tag]) => attribute(tag, "action")) }

  /** The words of each element with this tag. */
  all(tag) { return [...this.html.matchAll(new RegExp(`<${tag}[\\s>][\\s\\S]*?</${tag}>`, "g"))].map(([element]) => words(element)) }

  /** Where the first link with these words leads, in full. */
  link(text) {
    const found = [...this.html.matchAll(/<a [^>]*>[\s\S]*?<\/a>/g)].find(([link]) => words(link) === text);
    assert.ok(found, `no link "${text}" on ${this.url}: ${this.text}`);
    return new URL(attribute(found[0].match(/<a [^>]*>/)[0], "href"), this.url).href;
  }
}

export class Visitor {
  #cookies = new Map();

  async #send(url, method, body) {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? this.#cookies.set(origin, new Map()).get(origin);
    const headers = { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), "Sec-Fetch-Site": "same-origin", Origin: origin };
    const answer = await fetch(url, { method, headers, body, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(cookie)) jar.delete(name);
      else jar.set(name, value);
    }
    return new Page(url, answer, await answer.text());
  }

  get(url) { return this.#send(url, "GET") }

  /** Fills in the form of `page` that goes to `action`, and sends it on wherever it is passed on to (307). */
  async submit(page, action, typed = {}) {
    const body = page.form(action, typed);
    let answer = await this.#send(new URL(action, page.url).href, "POST", body);
    while (answer.status === 307) answer = await this.#send(answer.location, "POST", body);
    return answer;
  }
}
