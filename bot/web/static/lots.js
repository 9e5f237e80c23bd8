/* What the pages do besides: answers without a new page, what is new shown at once, and a button that copies.
   Every page works without this. The words are the pages' own, in the reader's language. */
"use strict";

(() => {
  const PATIENCE = 20000; // milliseconds until a post is given up; its number makes sure that it counts once
  const SLOW = 1500; // milliseconds until it is said that a post is on its way
  const LONGEST_PAUSE = 60000;
  const LEFT = "left"; // this page is on its way to another
  const LONGEST_SILENCE = 40000; // the server says every fifteen seconds that it is there
  const HERE_EVERY = 30000; // milliseconds between two signs that somebody is here

  const page = document.body.dataset.page;
  const notices = document.getElementById("notiser");
  let posting = false;
  let turn = 0; // of two fetches under way only the latest may change the page
  let kept = Promise.resolve(); // settled when nothing that was ticked is on its way to be kept
  let keeping = false;

  /* ── what is said in one line ─────────────────────────────────────────────────────────────────────────── */

  const say = (words, bad) => {
    const line = document.createElement("p");
    line.className = bad ? "bad" : "told";
    line.textContent = words;
    notices.replaceChildren(line);
  };

  /* What is new may stand above what is on the screen, and the page does not move under a thumb by itself. */
  const sayFresh = () => {
    say(notices.dataset.fresh, false);
    if (!document.getElementById("nu")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = notices.dataset.show;
    button.addEventListener("click", () => {
      notices.replaceChildren();
      reveal(true);
    });
    notices.firstElementChild.append(" ", button);
  };

  /* AbortSignal.timeout is younger than some telephones. */
  const patience = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), PATIENCE);
    return controller.signal;
  };

  /* ── putting a fetched page in the place of this one ─────────────────────────────────────────────────── */

  const isTouched = (field) =>
    field.type === "hidden" ? false
    : field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
    : "defaultValue" in field && field.value !== field.defaultValue;

  const isBeingFilledIn = (node) =>
    [...node.querySelectorAll("form")].some((form) => "failed" in form.dataset || [...form.elements].some(isTouched));

  const isSame = (old, fresh) => old.id === fresh.id && old.dataset.mark === fresh.dataset.mark;

  /* A form is sent with a number that counts once: one that stays gets the number of the page that came. */
  const renew = (old, fresh) => {
    const forms = fresh.querySelectorAll("form");
    old.querySelectorAll("form").forEach((form, place) => {
      for (const name of ["nyckel", "n"]) {
        const [here, there] = [form.elements.namedItem(name), forms[place]?.elements.namedItem(name)];
        if (here && there && !("failed" in form.dataset)) here.value = there.value;
      }
    });
  };

  /* Only what has changed is touched, so that a reader, a screen reader and a finger keep their place. */
  const merge = (old, fresh, gently) => {
    const olds = [...old.children];
    const carried = [];
    let stays = false;
    const wanted = [...fresh.children].map((node) => {
      const there = olds.find((one) => one.id === node.id);
      if (there && isSame(there, node)) {
        renew(there, node);
        return there;
      }
      if (there && gently && isBeingFilledIn(there)) {
        if (!carry(there, node)) {
          stays = true;
          return there;
        }
        carried.push(there);
      }
      if (there && gently) unfold(there, node);
      return document.adoptNode(node);
    });
    if (gently) {
      // a question that is being answered stays until it is sent, even where it is no longer on the page
      olds.forEach((one, place) => {
        if (wanted.includes(one) || carried.includes(one) || !isBeingFilledIn(one)) return;
        stays = true;
        wanted.splice(place, 0, one);
      });
    }
    const changed = wanted.length !== olds.length || wanted.some((node, place) => node !== olds[place]);
    const held = changed && old.contains(document.activeElement) ? document.activeElement : null;
    for (const one of olds) if (!wanted.includes(one)) one.remove();
    wanted.forEach((node, place) => {
      if (old.children[place] !== node) old.insertBefore(node, old.children[place] ?? null);
    });
    if (gently && held && !held.isConnected) putBack(held, old);
    return changed || stays;
  };

  /* What is ticked goes over to the same list in the message that takes its place; whether there was nothing else. */
  const carry = (old, fresh) => {
    const there = [...fresh.querySelectorAll("input")];
    const pairs = [...old.querySelectorAll("input")].filter(isTouched).map((one) =>
      [one, there.find((twin) => one.name.startsWith("rad:") && twin.name === one.name && twin.value === one.value)]);
    if (pairs.some(([, twin]) => !twin)) return false;
    for (const [one, twin] of pairs) twin.checked = one.checked;
    return true;
  };

  /* What the reader has unfolded stays unfolded. */
  const unfold = (old, fresh) => {
    const there = fresh.querySelectorAll("details");
    old.querySelectorAll("details").forEach((one, place) => {
      if (one.open && there[place]) there[place].open = true;
    });
  };

  /* The same button or field of the message that took the place of one that had the focus. */
  const twinOf = (held, where) => {
    const near = document.getElementById(held.closest("li[id]")?.id ?? "") ?? where;
    return [...near.querySelectorAll("button, input, a, summary")].find(
      (one) => one.tagName === held.tagName && one.name === held.name && one.type === held.type
        && (one.tagName === "INPUT" && one.type === "text" ? true : one.value === held.value));
  };

  const putBack = (held, where) => {
    (twinOf(held, where) ?? document.getElementById("nu"))?.focus({ preventScroll: true });
  };

  const markNewest = () => {
    const said = [...document.querySelectorAll(".message > .said")];
    said.forEach((one) => one.removeAttribute("id"));
    if (said.length) said[said.length - 1].id = "nu";
  };

  const take = (fresh, gently) => {
    let changed = false;
    for (const name of ["talk", "sections", "cases"]) {
      const old = document.querySelector(`[data-part="${name}"]`);
      const part = fresh.querySelector(`[data-part="${name}"]`);
      if (old && part) changed = merge(old, part, gently) || changed;
    }
    for (const place of [".page > form", "footer"]) {
      const [old, part] = [document.querySelector(place), fresh.querySelector(place)];
      if (old && part) renew(old, part);
    }
    const told = fresh.getElementById("notiser");
    if (told && told.textContent.trim() !== "") {
      if (told.textContent !== notices.textContent) notices.replaceChildren(...told.children);
    } else if (!gently) {
      notices.replaceChildren();
    }
    document.title = fresh.title;
    markNewest();
    wake(document);
    return changed;
  };

  const isAnother = (fresh) =>
    fresh.body.dataset.page !== page || fresh.documentElement.lang !== document.documentElement.lang;

  const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

  /* A page that an answer gave and that no address shows: its words take the place of this page's. */
  const show = (fresh) => {
    document.title = fresh.title;
    document.body.replaceWith(document.adoptNode(fresh.body));
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  };

  /* ── the place on the page ────────────────────────────────────────────────────────────────────────────── */

  const reveal = (focus) => {
    const now = document.getElementById("nu");
    if (!now) return;
    if (focus) now.focus({ preventScroll: true });
    // the browser stops at the end of the page, so that what fits is seen whole, with what was said before above it
    now.closest("li").scrollIntoView({ block: "start" });
  };

  /* What stays at the top must not cover what has the focus. */
  const makeRoom = () => {
    const stays = document.querySelector(".stays");
    const set = () => document.documentElement.style.setProperty("--stays", `${stays.offsetHeight}px`);
    new ResizeObserver(set).observe(stays);
    set();
  };

  /* The page in another language has this page's address: only its being loaded anew brings it. */
  const goTo = (address) => {
    if (new URL(address).pathname !== location.pathname) return location.assign(address);
    history.scrollRestoration = "manual";
    history.replaceState(null, "", "#nu");
    location.reload();
  };

  /* ── answers ──────────────────────────────────────────────────────────────────────────────────────────── */

  const send = async (form, button) => {
    const fields = new FormData(form);
    if (button?.name) fields.append(button.name, button.value);
    const pressed = [...document.querySelectorAll("form button")].filter((one) => !one.disabled);
    const mine = ++turn;
    const slow = setTimeout(() => say(notices.dataset.sending, false), SLOW);
    posting = true;
    pressed.forEach((one) => { one.disabled = true; });
    button?.classList.add("sent");
    try {
      const response = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(fields), credentials: "same-origin", cache: "no-store",
        signal: patience(),
      });
      const fresh = await read(response);
      if (response.status >= 500 || response.status === 429) {
        // nothing is kept of it, so what was filled in stays to be sent again
        fail(form, fresh.querySelector(".says")?.textContent ?? notices.dataset.offline);
      } else if (isAnother(fresh)) {
        if (!response.redirected || !response.ok) show(fresh);
        else goTo(response.url.split("#")[0]);
        return;
      } else if (mine === turn) {
        delete form.dataset.failed;
        take(fresh, false);
        history.replaceState(null, "", "/");
        reveal(true);
        return;
      }
    } catch {
      fail(form, notices.dataset.offline);
    } finally {
      posting = false;
      clearTimeout(slow);
      if (notices.textContent === notices.dataset.sending) notices.replaceChildren();
      pressed.forEach((one) => { one.disabled = false; });
      button?.classList.remove("sent");
    }
    button?.focus({ preventScroll: true });
  };

  const fail = (form, words) => {
    form.dataset.failed = "";
    say(words, true);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (posting) return event.preventDefault();
    if (keeping) {
      // the list is about to be put in place anew, and only the new one's button counts
      event.preventDefault();
      const button = event.submitter;
      kept.then(() => {
        const same = button?.isConnected ? button : button && twinOf(button, document);
        (same?.form ?? form).requestSubmit(same);
      });
      return;
    }
    const asks = new URL(form.action).pathname;
    if (page === "chat" && asks === "/svar") {
      event.preventDefault();
      send(form, event.submitter);
      return;
    }
    posting = true; // a second tap waits for the page that comes
    setTimeout(() => { posting = false; }, 5000);
  });

  /* ── somebody is here, or is about to be locked out ───────────────────────────────────────────────────── */

  let said = 0;

  const isHere = () => {
    if (notices.textContent === notices.dataset.soon) notices.replaceChildren();
    if (Date.now() - said < HERE_EVERY) return;
    said = Date.now();
    const key = document.querySelector("input[name=nyckel]")?.value ?? "";
    fetch("/har", {
      method: "POST", body: new URLSearchParams({ nyckel: key }), credentials: "same-origin", keepalive: true,
    }).catch(() => { said = 0; });
  };

  /* What is ticked and not sent is kept as it stands, so that it is there when the page has locked itself. */
  const keep = () => {
    const form = document.querySelector(".message.live form.choices");
    if (posting || keeping || !form || ![...form.elements].some(isTouched)) return;
    keeping = true;
    kept = keepNow(form).finally(() => { keeping = false; });
  };

  const keepNow = async (form) => {
    const fields = new FormData(form);
    // a number of its own: where the answer is lost, the form's still counts
    fields.set("n", String(crypto.getRandomValues(new BigUint64Array(1))[0] >> 2n));
    fields.set("rader", "1");
    const mine = ++turn;
    try {
      const response = await fetch("/svar", {
        method: "POST", body: new URLSearchParams(fields), headers: { "X-Lots-Live": "1" },
        credentials: "same-origin", cache: "no-store", keepalive: true, signal: patience(),
      });
      const fresh = await read(response);
      if (!response.ok || mine !== turn) return;
      if (isAnother(fresh)) return location.assign("/");
      settle(form, fields);
      take(fresh, true);
    } catch {
      return; // no contact; what is ticked still stands on the page
    }
  };

  /* What has been kept is what the list starts from; only what has been ticked since is still being filled in. */
  const settle = (form, fields) => {
    const ticked = [...form.elements].filter((one) => one.name.startsWith("rad:"));
    const now = ticked.map((one) => one.checked);
    for (const one of ticked) one.defaultChecked = fields.get(one.name) === one.value;
    ticked.forEach((one, place) => { one.checked = now[place]; });
  };

  /* ── what is new ──────────────────────────────────────────────────────────────────────────────────────── */

  const look = async () => {
    missed = true;
    await kept;
    if (posting) return;
    const mine = ++turn;
    let response;
    try {
      response = await fetch(location.pathname, {
        headers: { "X-Lots-Live": "1" }, credentials: "same-origin", cache: "no-store",
        signal: patience(),
      });
    } catch {
      return; // no contact; the next sign of life brings it
    }
    if (!response.ok) return;
    const fresh = await read(response);
    if (posting || mine !== turn) return;
    missed = false;
    if (isAnother(fresh)) {
      location.assign("/");
      return LEFT;
    }
    const before = notices.textContent;
    const changed = take(fresh, true);
    const told = notices.textContent !== before || before.startsWith(notices.dataset.fresh);
    if (changed && !told) sayFresh();
  };

  let source = null;
  let pause = 0;
  let waiting = 0;
  let heard = 0;
  let missed = false; // there is something new, and it could not be fetched

  const isThere = () => { heard = Date.now(); };

  const listen = () => {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource("/live");
    isThere();
    source.addEventListener("open", () => { pause = 0; isThere(); });
    source.addEventListener("kvar", () => { isThere(); if (missed) look(); });
    source.addEventListener("nytt", () => { isThere(); look(); });
    source.addEventListener("snart", () => {
      if (notices.textContent !== notices.dataset.soon) say(notices.dataset.soon, false);
      keep();
    });
    source.addEventListener("last", () => {
      source.close();
      location.assign("/");
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      pause = Math.min(Math.max(pause * 2, 2000), LONGEST_PAUSE);
      waiting = setTimeout(() => lookAndListen(), pause);
    });
  };

  /* A page that turns out to be locked has nothing to listen to. */
  const lookAndListen = () => look().then((came) => { if (came !== LEFT) listen(); });

  const live = () => {
    listen();
    // a computer that has slept, or a network that swallows everything, tells the browser nothing
    setInterval(() => {
      if (source.readyState === EventSource.CLOSED || Date.now() - heard < LONGEST_SILENCE) return;
      isThere(); // one try at a time
      lookAndListen();
    }, LONGEST_SILENCE / 4);
    for (const what of ["input", "change", "keydown"]) document.getElementById("main").addEventListener(what, isHere);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") {
        keep();
        source.close(); // many pages in the background would use up the browser's connections
        return;
      }
      lookAndListen();
    });
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      posting = false;
      lookAndListen();
    });
  };

  /* ── copying ──────────────────────────────────────────────────────────────────────────────────────────── */

  const copied = (button) => button.dataset.copy
    ?? [...button.closest("form").querySelectorAll("[data-copy]")].map((one) => one.dataset.copy).join("\n");

  const copyBySelection = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.readOnly = true;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };

  const copy = async (button) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(copied(button));
    } catch {
      done = copyBySelection(copied(button));
      button.focus({ preventScroll: true });
    }
    if (!done) return say(notices.dataset.notCopied, true);
    say(notices.dataset.copied, false);
    button.dataset.label ??= button.textContent;
    button.textContent = notices.dataset.copied;
    setTimeout(() => {
      button.textContent = button.dataset.label;
      if (notices.textContent === notices.dataset.copied) notices.replaceChildren();
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-all]");
    if (button) copy(button);
  });

  const wake = (where) => {
    where.querySelectorAll("[data-copy], [data-copy-all], [data-copies]").forEach((one) => { one.hidden = false; });
  };

  /* ── the Mini App ─────────────────────────────────────────────────────────────────────────────────────── */

  /* What Telegram says of the person stands behind the #; it is taken out of the address before it is sent. */
  const enter = () => {
    const data = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
    history.replaceState(null, "", location.pathname);
    if (!data) return;
    const form = document.getElementById("telegram");
    form.elements.namedItem("data").value = data;
    form.submit();
  };

  makeRoom();
  wake(document);
  if (page === "mini_app") enter();
  if (page === "chat") {
    reveal(location.hash === "#nu");
    if (location.hash) history.replaceState(null, "", "/");
  }
  if (["chat", "case", "cases"].includes(page)) live();
})();
