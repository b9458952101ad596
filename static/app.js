/* Postkey: what the page does a little better with a script. Everything here has a way without it.
   It never renders words of its own about a status, never validates, never stores anything. */
(() => {
  "use strict";
  const $ = (s, r = document) => r.querySelector(s);
  const $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const on = (type, selector, act) => addEventListener(type, e => {
    const hit = e.target.closest?.(selector);
    if (hit) act(hit, e);
  });

  /* Polite announcements: one line, said once. */
  const live = $("#live");
  const say = words => {
    if (!live) return;
    live.textContent = "";
    setTimeout(() => { live.textContent = words }, 60);
  };

  /* Relative times. The server writes the same words by the same rules, so nothing jumps:
       seconds s = |then - now|, n = max(1, round half up(s / unit))
       s < 45             past "just now"             future "in a moment"
       s < 45 min         "n min ago"                 "in n min"
       s < 22 h           "n h ago"                   "in n h"
       s < 26 days        n = 1: "yesterday"          n = 1: "tomorrow"
                          else "n days ago"           else "in n days"
       further            the date alone, "23 Nov 2026", as `datetime` has it (no zone is changed)
     Where the words are the date and the date stands beside them, they are left out. */
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const relative = (iso, now) => {
    const d = (Date.parse(iso) - now) / 1000, s = Math.abs(d), past = d <= 0;
    const n = unit => Math.max(1, Math.floor(s / unit + 0.5));
    const words = text => past ? text + " ago" : "in " + text;
    if (s < 45) return past ? "just now" : "in a moment";
    if (s < 2700) return words(n(60) + " min");
    if (s < 79200) return words(n(3600) + " h");
    if (s < 2246400) return n(86400) > 1 ? words(n(86400) + " days") : past ? "yesterday" : "tomorrow";
    const [year, month, day] = iso.slice(0, 10).split("-");
    return `${+day} ${MONTHS[month - 1]} ${year}`;
  };
  /* The server's clock counts, not this one; a page from the history has an old clock. */
  const stamp = Date.parse($("#as-of")?.dateTime), fresh = performance.getEntriesByType("navigation")[0]?.type !== "back_forward";
  const skew = fresh && stamp && Math.abs(stamp - Date.now()) > 5000 ? stamp - Date.now() : 0;
  const tell = (root = document) => $$("[data-rel]", root).forEach(e => {
    const time = e.closest("time"), words = relative(time.getAttribute("datetime"), Date.now() + skew);
    if (e.textContent !== words) e.textContent = words;
    e.hidden = !!$("[data-abs]", time)?.textContent.startsWith(words);
  });
  setInterval(() => document.hidden || tell(), 20e3);

  /* Selecting rows: all on this page, and how many. */
  const boxes = form => $$("input[type=checkbox][name=id]", form);
  const count = form => {
    const all = boxes(form), n = all.filter(b => b.checked).length, head = $("[data-all]", form), out = $("[data-count]", form);
    if (head) { head.checked = n > 0 && n === all.length; head.indeterminate = n > 0 && n < all.length }
    if (out) out.textContent = n;
  };
  on("change", "[data-all]", head => { boxes(head.form).forEach(b => { b.checked = head.checked }); count(head.form) });
  on("change", "[name=id]", box => box.form && count(box.form));

  /* Called for the page, and again for each fragment that came in. */
  const wake = root => {
    $$("[data-js]", root).forEach(e => { e.hidden = false });
    tell(root);
    new Set($$("[data-all]", root).map(head => head.form)).forEach(form => form && count(form));
    /* A table that folds on a phone keeps its meaning. */
    const role = (selector, name) => $$(selector, root).forEach(e => e.setAttribute("role", name));
    role(".stack", "table"); role(".stack :is(thead, tbody)", "rowgroup"); role(".stack tr", "row");
    role(".stack td", "cell"); role(".stack th[scope=col]", "columnheader"); role(".stack th[scope=row]", "rowheader");
  };

  /* Whether Microsoft would lead back to this very address, scheme and port included. */
  $$("[data-origin]").forEach(box => {
    const same = box.dataset.origin === location.origin;
    $("[data-origin-same]", box).hidden = !same;
    $("[data-origin-differs]", box).hidden = same;
  });

  /* Copy; where the clipboard is closed, select. */
  on("click", "[data-copy]", async button => {
    const from = document.getElementById(button.dataset.copy);
    if (!from) return;
    let done = true;
    try { await navigator.clipboard.writeText(from.textContent.trim()) } catch {
      const range = document.createRange();
      range.selectNodeContents(from);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try { done = document.execCommand("copy") } catch { done = false }
    }
    if (!done) { say("Selected. Copy it with your keyboard."); return }
    const words = button.firstChild, was = words.data;
    if (was === "Copied") return;
    words.data = "Copied";
    say("Copied");
    setTimeout(() => { words.data = was }, 2000);
  });

  /* Show what was typed: never what is stored, never sent as plain text to a password manager. */
  on("click", "[data-reveal]", button => {
    const input = document.getElementById(button.dataset.reveal), show = input.type === "password";
    input.type = show ? "text" : "password";
    button.setAttribute("aria-pressed", show);
  });
  const cover = form => $$("[data-reveal][aria-pressed=true]", form).forEach(b => b.click());

  /* A link to a confirmation opens the same question as a dialog. */
  on("click", "[data-dialog]", (link, e) => {
    const dialog = document.getElementById(link.dataset.dialog);
    if (!dialog?.showModal || e.metaKey || e.ctrlKey || e.shiftKey) return;
    e.preventDefault();
    dialog.addEventListener("close", () => link.focus(), { once: true });
    dialog.showModal();
  });
  on("click", "[data-close]", button => button.closest("dialog")?.close());

  /* One submit only, and say what is happening. */
  addEventListener("submit", e => {
    const form = e.target, button = e.submitter;
    if (e.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
    if ("sent" in form.dataset) { e.preventDefault(); return }
    form.dataset.sent = "";
    cover(form);
    setTimeout(() => release(form), 20e3);
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (!button.dataset.busy) return;
    button.dataset.was = button.textContent;
    button.textContent = button.dataset.busy;
    say(button.dataset.busy);
  });
  const release = form => {
    delete form.dataset.sent;
    $$("[aria-busy]", form).concat(form.id ? $$(`[form="${CSS.escape(form.id)}"][aria-busy]`) : []).forEach(b => {
      b.removeAttribute("aria-busy");
      if (b.dataset.was) { b.textContent = b.dataset.was; delete b.dataset.was }
    });
  };
  addEventListener("pageshow", e => { if (e.persisted) $$("form[data-sent]").forEach(release) });

  /* Live regions: ask with an ETag, put in what the server rendered, and keep out of the reader's way. */
  /* A pointer that has not moved for five minutes is in nobody's hand. */
  let moved = 0;
  addEventListener("pointermove", () => { moved = Date.now() }, { passive: true });
  const held = () => Date.now() - moved < 300e3;
  const follow = box => {
    const usual = () => +($("[data-every]", box) || box).dataset.every;
    const note = box.nextElementSibling?.matches("[data-note]") ? box.nextElementSibling : null;
    let etag = box.dataset.etag || "", fails = 0, timer, said = 0, sum = $("[data-sum]", box)?.dataset.sum;
    const paused = () => $("[data-pause][data-paused]");
    const busy = () => box.contains(document.activeElement) || $("dialog[open]", box) || (held() && $(":is(a, button, summary, input):hover", box));
    const put = html => {
      const key = d => d.id || $("summary", d)?.textContent;
      const open = new Set($$("details[open]", box).map(key));
      box.innerHTML = html;
      $$("details", box).forEach(d => { if (open.has(key(d))) d.open = true });
      wake(box);
      const now = $("[data-sum]", box)?.dataset.sum;
      const title = $("[data-title]", box)?.dataset.title;
      if (title) document.title = title;
      if (now && now !== sum && Date.now() - said > 60e3) { say(now); said = Date.now(); sum = now }
    };
    const ask = async () => {
      if (document.hidden || paused() || busy()) return;
      try {
        const answer = await fetch(box.dataset.live, {
          headers: { "X-Postkey-Fragment": box.dataset.fragment, ...(etag && { "If-None-Match": etag }) },
          redirect: "error", signal: AbortSignal.timeout(15e3),
        });
        if (answer.status === 401) { location.reload(); return }
        if (answer.status === 200) {
          const html = await answer.text();
          etag = answer.headers.get("ETag") || "";
          if (!busy()) put(html); else etag = "";
        } else if (answer.status !== 304) throw 0;
        /* How new it is, as the server wrote it. A part that had to wait is as old as before. */
        const [, iso, words] = /^(\S+) (.+)$/.exec(answer.headers.get("X-Postkey-As-Of") || "") || [];
        if (iso && (etag || answer.status === 304)) $$("[data-now]").forEach(e => { e.dateTime = iso; e.textContent = words });
        fails = 0;
      } catch { fails++ }
      box.toggleAttribute("data-stale", fails > 1);
      if (note) note.hidden = fails < 2;
    };
    const next = () => {
      const every = usual();
      clearTimeout(timer);
      if (every > 0) timer = setTimeout(() => ask().then(next), Math.min(240, every * 2 ** fails) * 1000);
    };
    document.addEventListener("visibilitychange", () => document.hidden || !usual() || ask().then(next));
    next();
  };
  on("click", "[data-pause]", b => {
    [b.textContent, b.dataset.pause] = [b.dataset.pause, b.textContent];
    if (!b.toggleAttribute("data-paused")) document.dispatchEvent(new Event("visibilitychange"));
  });

  /* Ctrl or Cmd with K: to the search of this page. */
  addEventListener("keydown", e => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key.toLowerCase() !== "k") return;
    const search = $("#jump") || $("main input[type=search]");
    if (search) { e.preventDefault(); search.focus(); search.select() }
  });

  /* Paper has no disclosure triangles. */
  addEventListener("beforeprint", () => $$("main details:not([open])").forEach(d => { d.open = true; d.dataset.print = "" }));
  addEventListener("afterprint", () => $$("details[data-print]").forEach(d => { d.open = false; delete d.dataset.print }));

  wake(document);
  $$("[data-live]").forEach(follow);
  const first = $("[data-focus]");
  if (first) { first.tabIndex = -1; first.focus() }
})();
