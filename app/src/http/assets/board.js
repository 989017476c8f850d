// Keeps the board live: takes in regions as the server pushes them, and says times as they stand now.
// The page is complete without this; it only stands still then.
"use strict";

(() => {
  const link = document.getElementById("link");
  const say = document.getElementById("say");

  // --- Regions -------------------------------------------------------------------------------------------------

  /** Regions that came while somebody had text in the old one selected. */
  const kept = new Map();

  const selecting = (region) => {
    const chosen = document.getSelection();
    return chosen && !chosen.isCollapsed && region.contains(chosen.anchorNode);
  };

  /** Puts `fresh` in the place of the region with its id; focus and opened folds stay. */
  const swap = (fresh) => {
    const old = document.getElementById(fresh.id);
    if (!old || old.dataset.mark === fresh.dataset.mark) return;
    if (selecting(old)) {
      kept.set(fresh.id, fresh);
      return;
    }
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    // Links and summaries have no ids of their own; their fold has, or their target tells them apart.
    const fold = focused && focused.closest("details[id]");
    const href = focused && focused.getAttribute("href");
    const asked = focused && focused.dataset.question && focused;
    for (const open of old.querySelectorAll("details[open][id]")) {
      const again = fresh.querySelector("#" + CSS.escape(open.id));
      if (again) again.open = true;
    }
    tell(fresh);
    old.replaceWith(fresh);
    if (focused) {
      const again = asked
        ? fresh.querySelector(
            "[data-question='" + CSS.escape(asked.dataset.question) + "'][data-allow='" + asked.dataset.allow + "']",
          )
        : fold
        ? fresh.querySelector("#" + CSS.escape(fold.id) + " > summary")
        : href && fresh.querySelector("a[href='" + CSS.escape(href) + "']");
      (again || fresh).focus({ preventScroll: true });
    }
  };

  /** The region that is being read: the one in the upper middle of the window. */
  const inSight = () => {
    const there = document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 3);
    return there && there.closest("main section");
  };

  /** Takes in what was pushed, without what is being read moving on the screen. */
  const take = (regions) => {
    const read = window.scrollY > 0 ? inSight() : null;
    const before = read && read.getBoundingClientRect().top;
    regions.forEach(swap);
    const after = read && document.getElementById(read.id);
    if (after) window.scrollBy({ top: after.getBoundingClientRect().top - before, behavior: "instant" });
    tellTimes();
  };

  const pushed = (markup) => {
    const box = document.createElement("template");
    box.innerHTML = markup;
    for (const region of box.content.children) kept.delete(region.id);
    take([...box.content.children]);
  };

  document.addEventListener("selectionchange", () => {
    if (kept.size === 0) return;
    const waiting = [...kept.values()];
    kept.clear();
    take(waiting);
  });

  // --- Answers to agents that ask ----------------------------------------------------------------------------------

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-question]");
    if (!button) return;
    const answers = button.closest(".answers");
    const buttons = answers.querySelectorAll("button");
    for (const each of buttons) each.disabled = true;
    const allow = button.dataset.allow === "true";
    const key = "board-" + button.dataset.question + "-" + button.dataset.allow;
    let failed = "";
    try {
      const answer = await fetch("/api/v1/work/questions/" + encodeURIComponent(button.dataset.question) + "/answer", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({ allow, by: "the board" }),
      });
      if (!answer.ok) failed = (await answer.json()).detail || answer.statusText;
    } catch {
      failed = "the server does not answer";
    }
    // The question goes when the board is drawn anew.
    answers.querySelector(".hint").textContent = failed || (allow ? "allowed" : "denied");
    say.textContent = failed || (allow ? "allowed" : "denied");
    if (failed) for (const each of buttons) each.disabled = false;
  });

  // --- Telling what happened to those who listen -----------------------------------------------------------------

  let told = newest(document);
  let quietUntil = 0;

  function newest(within) {
    const first = within.querySelector("li[data-seq]");
    return first ? Number(first.dataset.seq) : 0;
  }

  /** Says the latest event, at most once in ten seconds. */
  function tell(region) {
    if (region.id !== "events") return;
    const latest = newest(region);
    if (latest <= told || Date.now() < quietUntil) return;
    const fresh = [...region.querySelectorAll("li[data-seq]")].filter((li) => Number(li.dataset.seq) > told).length;
    const sentence = region.querySelector(".sentence").textContent;
    say.textContent = fresh > 1 ? `${fresh} new events, the last: ${sentence}` : sentence;
    told = latest;
    quietUntil = Date.now() + 10_000;
  }

  // --- Times -----------------------------------------------------------------------------------------------------

  // A difference of a few seconds is the time that the page took to arrive; more is a clock that goes wrong.
  const skew = Number(document.body.dataset.now) - Date.now();
  const now = () => Date.now() + (Math.abs(skew) > 5_000 ? skew : 0);

  const span = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1_000);
    if (s < 120) return `${s} s`;
    if (s < 7_200) return `${Math.floor(s / 60)} min`;
    if (s < 172_800) return `${Math.floor(s / 3_600)} h`;
    return `${Math.floor(s / 86_400)} d`;
  };

  const put = (element, text) => {
    if (!element.title) element.title = new Date(element.dateTime).toLocaleString();
    if (element.textContent !== text) element.textContent = text;
  };

  function tellTimes() {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Number(time.dataset.until) - now();
      put(time, left > 0 ? `ends in ${span(left)}` : `ran out ${span(left)} ago`);
      time.classList.toggle("over", left <= 0);
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const ago = now() - Number(time.dataset.ago);
      put(time, ago >= 0 ? `${span(ago)} ago` : `in ${span(ago)}`);
    }
  }

  // --- The stream ------------------------------------------------------------------------------------------------

  let source = null;
  let again = 0;
  let pause = 500;

  const show = (state, text) => {
    link.hidden = false;
    link.className = "link " + state;
    document.body.classList.toggle("stale", state !== "live");
    if (link.textContent !== text) link.textContent = text;
  };

  const close = () => {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  };

  const connect = () => {
    close();
    source = new EventSource("/live");
    source.onopen = () => {
      pause = 500;
      show("live", "Live");
    };
    source.onmessage = (message) => pushed(message.data);
    source.onerror = () => {
      close();
      show("away", "Reconnecting");
      // Many pages must not come back in the same moment.
      again = setTimeout(connect, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 10_000);
    };
  };

  // A page that nobody sees needs no seat; the browser has six connections for all of them.
  const follow = () => {
    if (document.visibilityState === "hidden") {
      close();
      show("away", "Paused");
    } else if (!source) {
      connect();
    }
  };

  document.addEventListener("visibilitychange", follow);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", follow);
  show("away", "Connecting");
  tellTimes();
  setInterval(tellTimes, 1_000);
  follow();
})();
