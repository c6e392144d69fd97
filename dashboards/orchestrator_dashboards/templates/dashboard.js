"use strict";
(() => {
  const calls = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const body = byId("rows"), more = byId("more"), none = byId("f-none"), said = byId("f-said");
  const text = byId("f-text"), agent = byId("f-agent"), status = byId("f-status");
  const PAGE = 50;
  let shown = [], drawn = 0;

  // Text only ever becomes a text node: nothing from an agent is parsed as markup.
  const make = (tag, options, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(options || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
      else if (name === "cls") node.className = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };
  const bdi = (words) => make("bdi", null, words);
  const part = (title, note, ...children) =>
    make("section", null, make("h4", null, title, note ? make("small", null, note) : ""), ...children);
  const block = (title, value, note, cls) =>
    value ? part(title, [note, value.note].filter(Boolean).join(" · "), make("pre", { cls, tabindex: "0" }, value.text)) : null;
  const facts = (pairs) =>
    make("dl", { cls: "facts" }, ...pairs.flatMap(([name, value]) => [make("dt", null, bdi(name)), make("dd", null, bdi(value))]));
  const items = (list) =>
    make("ul", { cls: "items" }, ...list.map((item) => make("li", null,
      make("div", { cls: "head" }, make("span", null, bdi(item.head)), make("span", { cls: "tail " + (item.tone || "") }, item.tail || "")),
      item.text ? make("span", { cls: "sub" }, bdi(item.text)) : null)));

  const stages = (list) =>
    make("ul", { cls: "items steps-taken" }, ...list.map((item) => make("li", null,
      make("div", { cls: "head" }, make("span", null, bdi(item.head)),
        make("span", { cls: "tail" }, make("span", { cls: "end " + (item.tone || "idle") }, item.state || ""), item.tail || "–")),
      item.text ? make("span", { cls: "sub" }, bdi(item.text)) : null)));

  const waterfall = (trace) => {
    const bar = (line) => {
      const fill = make("span", { cls: "fill" });
      fill.style.left = Math.min(99.6, (line.left || 0) / 100) + "%";
      fill.style.width = (line.width || 0) / 100 + "%";
      const name = make("span", { cls: "span-name", title: line.name }, bdi(line.name));
      name.style.paddingLeft = (line.depth || 0) * 14 + "px";
      return [name, make("span", { cls: "track", "aria-hidden": "true" }, fill),
        make("span", { cls: "span-time" }, line.time, line.error ? make("span", { cls: "unseen" }, ", failed") : null)];
    };
    const lines = (trace.lines || []).map((line) => {
      const cls = line.error ? "err" : "";
      if (!line.facts) return make("li", { cls }, make("div", { cls: "span" }, ...bar(line)));
      return make("li", { cls }, make("details", { cls: "fact" }, make("summary", { cls: "span" }, ...bar(line)), facts(line.facts)));
    });
    const note = [trace.total, trace.note].filter(Boolean).join(" · ");
    const node = part("Trace", note, lines.length ? make("ol", { cls: "wf" }, ...lines) : null);
    node.className = "full";
    return node;
  };

  const attempt = (one) => make("li", null,
    make("div", { cls: "head" },
      make("span", { cls: one.ok ? "good-text" : "bad-text" }, "Attempt " + one.n + (one.ok ? " succeeded" : " failed"),
        one.agent ? bdi(" by " + one.agent) : null),
      make("span", { cls: "tail" }, one.time)),
    one.remedy ? make("span", { cls: "sub" }, bdi(one.remedy)) : null,
    one.error ? make("span", null, bdi(one.error)) : null,
    one.said ? make("span", { cls: "sub" }, bdi(one.said)) : null);

  const criterion = (one) => {
    const fill = make("div", { cls: "fill" });
    fill.style.width = (one.part || 0) + "%";
    return make("li", null,
      make("div", { cls: "score-line" }, make("span", null, bdi(one.name)),
        make("span", { cls: "tail" }, one.score), make("div", { cls: "track", "aria-hidden": "true" }, fill)),
      one.evidence ? make("span", { cls: "sub" }, bdi(one.evidence)) : null);
  };
  const verdict = (one) => part("Verdict", "", make("p", null, bdi(one.summary)),
    one.criteria ? make("ul", { cls: "items" }, ...one.criteria.map(criterion)) : null,
    ...(one.notes || []).map((note) => make("p", { cls: "soft" }, bdi(note))));

  const family = (call) => {
    const links = calls.filter((other) => other.id === call.parent || (other.parent && other.parent === call.id));
    if (!links.length) return null;
    return part("Related calls", "", make("ul", { cls: "items" }, ...links.map((other) => make("li", null,
      make("button", { type: "button", cls: "link", on: { click: () => reveal(other.id) } },
        (other.id === call.parent ? "called by " : "called ") , bdi(other.agent))))));
  };

  const detail = (call) => {
    const error = call.error ? { text: call.error } : null;
    const left = make("div", null,
      call.note ? make("p", { cls: "soft" }, call.note) : null,
      block("Request", call.request),
      error ? block("Error", error, call.error_class, "bad") : null,
      call.advice ? part("Advice", "", make("p", null, bdi(call.advice))) : null,
      block("Output", call.output, call.output_kind === "text" ? "" : call.output_kind),
      call.traceback ? make("details", null, make("summary", null, "Traceback"), make("pre", { tabindex: "0" }, call.traceback.text)) : null,
      call.attempts ? part("Attempts", "", make("ol", { cls: "items" }, ...call.attempts.map(attempt))) : null);
    const right = make("div", null,
      call.verdict ? verdict(call.verdict) : null,
      call.findings ? part("Findings", "", items(call.findings)) : null,
      call.memories ? part("Recalled memories", call.memories_note || "", items(call.memories)) : null,
      call.stages ? part("Stages", "", stages(call.stages)) : null,
      family(call),
      call.facts ? part("Record", "", facts(call.facts)) : null);
    return make("div", { cls: "inside" }, call.trace ? waterfall(call.trace) : null, left, right);
  };

  const row = (call, index) => {
    const id = "d-" + index;
    const button = make("button", { type: "button", cls: "open", "aria-expanded": "false", "aria-controls": id },
      make("span", { cls: "whose" }, make("span", { cls: "who" }, bdi(call.agent)),
        call.feature ? " " : null, call.feature ? make("span", { cls: "tag" }, bdi(call.feature)) : null,
        ...(call.marks || []).flatMap((mark) => [" ", make("span", { cls: "tag healed" }, mark)])),
      " ", make("span", { cls: "line" }, bdi(call.line || "")));
    const line = make("tr", { cls: "call can", role: "row" },
      make("td", { role: "cell", cls: "state s-" + call.status }, make("span", { cls: "status" }, call.status)),
      make("td", { role: "cell", cls: "what" }, button),
      make("td", { role: "cell", cls: "n score" }, call.score || "–"),
      make("td", { role: "cell", cls: "n" }, call.time),
      make("td", { role: "cell", cls: "n soft when" }, make("time", { title: call.utc }, call.when)));
    line.dataset.id = call.id;
    const toggle = (open) => {
      const below = line.nextElementSibling;
      const isOpen = button.getAttribute("aria-expanded") === "true";
      if (open === isOpen) return;
      button.setAttribute("aria-expanded", String(!isOpen));
      line.classList.toggle("is-open", !isOpen);
      if (isOpen) below.remove();
      else line.after(make("tr", { cls: "detail", role: "row", id }, make("td", { role: "cell", colspan: "5" }, detail(call))));
    };
    line.toggle = toggle;
    line.addEventListener("click", (event) => {
      // Selecting text in a line is not a wish to open it.
      if (!window.getSelection().toString() || event.target.closest("button")) toggle();
    });
    button.addEventListener("keydown", (event) => {
      if (event.key === "Escape") toggle(false);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const all = [...body.querySelectorAll(".open")];
        const next = all[all.indexOf(button) + (event.key === "ArrowDown" ? 1 : -1)];
        if (next) next.focus();
      }
    });
    return line;
  };

  const draw = () => {
    const next = shown.slice(drawn, drawn + PAGE);
    body.append(...next.map((call, index) => row(call, drawn + index)));
    drawn += next.length;
    more.hidden = drawn >= shown.length;
    more.textContent = "Show " + Math.min(PAGE, shown.length - drawn) + " more of " + (shown.length - drawn);
  };
  const hay = new Map();
  const haystack = (call) => {
    if (!hay.has(call)) {
      hay.set(call, [call.id, call.agent, call.feature, call.line, call.key, call.error, (call.request || {}).text, (call.output || {}).text]
        .filter(Boolean).join("\n").toLowerCase());
    }
    return hay.get(call);
  };
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = calls.filter((call) => (!agent.value || call.agent === agent.value) && (!status.value || call.status === status.value)
      && words.every((word) => haystack(call).includes(word)));
    body.replaceChildren();
    drawn = 0;
    draw();
    none.hidden = shown.length > 0;
    said.textContent = shown.length + " of " + calls.length + " calls";
  };
  const only = (words, name) => {
    text.value = words; agent.value = name; status.value = "";
    apply();
    byId("calls").scrollIntoView();
    (body.querySelector(".open") || text).focus({ preventScroll: true });
  };
  const reveal = (id) => {
    let index = shown.findIndex((call) => call.id === id);
    if (index < 0) {
      if (!calls.some((call) => call.id === id)) return;
      text.value = ""; agent.value = ""; status.value = "";
      apply();
      index = shown.findIndex((call) => call.id === id);
    }
    while (drawn <= index) draw();
    const line = [...body.querySelectorAll("tr.call")].find((one) => one.dataset.id === id);
    line.toggle(true);
    line.scrollIntoView({ block: "start" });
    line.querySelector(".open").focus({ preventScroll: true });
  };

  const options = (select, field) => {
    const counts = new Map();
    for (const call of calls) counts.set(call[field], (counts.get(call[field]) || 0) + 1);
    for (const name of [...counts.keys()].sort()) select.append(make("option", { value: name }, name + " (" + counts.get(name) + ")"));
  };
  options(agent, "agent");
  options(status, "status");
  text.form.hidden = false;
  byId("plain").remove();
  text.form.addEventListener("submit", (event) => event.preventDefault());
  text.addEventListener("input", apply);
  agent.addEventListener("change", apply);
  status.addEventListener("change", apply);
  more.addEventListener("click", () => { const first = drawn; draw(); body.querySelectorAll(".open")[first].focus(); });
  byId("f-reset").addEventListener("click", () => only("", ""));
  for (const button of document.querySelectorAll("[data-find]")) {
    button.hidden = false;
    button.addEventListener("click", () => only(button.dataset.find, ""));
  }
  const listed = new Set(calls.map((call) => call.agent));
  for (const name of document.querySelectorAll("[data-agent]")) {
    if (!listed.has(name.dataset.agent)) continue;
    const button = make("button", { type: "button", cls: "link", title: "Show this agent's calls" }, bdi(name.textContent));
    button.addEventListener("click", () => only("", name.dataset.agent));
    name.replaceWith(button);
    button.dataset.agent = name.dataset.agent;
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      text.focus();
    }
  });

  // The charts' own titles appear late and small; where there is a pointer, they show at once.
  const tip = byId("tip");
  for (const target of document.querySelectorAll(".hit")) {
    const words = target.querySelector("title").textContent;
    target.replaceChildren();
    target.addEventListener("pointermove", (event) => {
      tip.textContent = words;
      tip.hidden = false;
      const box = tip.getBoundingClientRect();
      tip.style.left = Math.max(4, Math.min(event.clientX + 12, window.innerWidth - box.width - 8)) + "px";
      tip.style.top = Math.max(4, event.clientY - box.height - 10) + "px";
    });
    target.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  apply();
  const wanted = () => { const id = decodeURIComponent(location.hash.slice(1)); if (calls.some((call) => call.id === id)) reveal(id); };
  window.addEventListener("hashchange", wanted);
  wanted();
})();
