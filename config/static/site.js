// Comfort only: every page works without this file.
"use strict";

const body = document.body;
const skew = body.dataset.now * 1000 - Date.now();

// --- clocks keep ticking ---------------------------------------------------
function lengthOf(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(minutes / 1440);
  const words = body.dataset;
  let text = words.minutes.replace("%m", minutes);
  if (!minutes) text = words.moment;
  else if (days >= 2) text = hours % 24 ? words.daysHours : words.days;
  else if (hours) text = minutes % 60 ? words.hoursMinutes : words.hours;
  return text.replace("%d", days).replace("%h", days >= 2 ? hours % 24 : hours).replace("%m", minutes % 60);
}

function tick() {
  const now = (Date.now() + skew) / 1000;
  for (const clock of document.querySelectorAll(".countdown[data-due]")) {
    const left = clock.dataset.due - now;
    const text = (left >= 0 ? body.dataset.left : body.dataset.over).replace("%s", lengthOf(left));
    if (clock.textContent !== text) clock.textContent = text;
  }
}
setInterval(tick, 1000);

// --- what a person is typing is never replaced -----------------------------
const touched = new WeakSet();
document.addEventListener("input", (event) => event.target.form && touched.add(event.target.form));

function inUse(region) {
  const typing = region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  return typing || [...region.querySelectorAll("form")].some((form) => touched.has(form));
}

function followForms() {
  const seen = document.querySelector("[hx-trigger^=nudge][data-forms]");
  const region = document.querySelector("[hx-trigger=refresh][data-forms]");
  if (!seen || !region || seen.dataset.forms === region.dataset.forms) return;
  if (inUse(region)) document.getElementById("stale").hidden = false;
  else htmx.trigger(region, "refresh");
}

// --- a nudge makes the page ask again through its own guarded view ----------
let waiting = null;
function nudge() {
  clearTimeout(waiting);
  waiting = setTimeout(() => htmx.trigger(body, "nudge"), 300);
}

let opened = [];
body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, pathInfo } = event.detail;
  // Signed out, or no longer visible: let the whole page say so.
  const elsewhere = new URL(xhr.responseURL, location.href).pathname !== new URL(pathInfo.finalRequestPath, location.href).pathname;
  if (elsewhere || xhr.status === 403 || xhr.status === 404) {
    event.detail.shouldSwap = false;
    location.reload();
  }
  opened = [...document.querySelectorAll("details[open][id]")].map((details) => details.id);
});
body.addEventListener("htmx:afterSettle", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  tick();
  followForms();
});

body.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.id === "checklist" && inUse(event.detail.target)) event.detail.shouldSwap = false;
});

let socket = null;
let delay = 1000;
function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/ws/board/${body.dataset.live}`);
  socket.addEventListener("open", () => {
    if (delay > 1000) nudge();
    delay = 1000;
  });
  socket.addEventListener("message", (event) => JSON.parse(event.data).changed && nudge());
  socket.addEventListener("close", () => {
    delay = Math.min(delay * 2, 60000);
    setTimeout(connect, delay * (0.5 + Math.random() / 2));
  });
}

if ("live" in body.dataset && window.htmx) {
  connect();
  // Lamps change colour with time, and a nudge may be lost.
  setInterval(() => socket.readyState === WebSocket.OPEN || document.hidden || nudge(), 30000);
  setInterval(() => document.hidden || nudge(), 120000);
}

// --- place, when the browser gives it within a few seconds ------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  if (!form.hasAttribute("data-place") || !navigator.geolocation) return;
  event.preventDefault();
  let gone = false;
  const send = () => {
    if (!gone) form.submit();
    gone = true;
  };
  setTimeout(send, 4000);
  navigator.geolocation.getCurrentPosition((place) => {
    form.elements.lat.value = place.coords.latitude.toFixed(6);
    form.elements.lon.value = place.coords.longitude.toFixed(6);
    send();
  }, send, { timeout: 3500, maximumAge: 60000, enableHighAccuracy: true });
});
// A page from the back-forward cache may be sent again, with what was typed, and has missed what happened since.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  if (window.htmx) nudge();
});

// --- a chosen file shows its name; menus close when one looks elsewhere -----
document.addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  event.target.closest("label").classList.toggle("chosen", event.target.files.length > 0);
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
// A way to a form further down opens it.
for (const way of document.querySelectorAll("a[data-opens]")) {
  way.addEventListener("click", () => document.querySelector(`${way.hash} details`)?.setAttribute("open", ""));
}
// On a narrow screen the place one is at may stand beyond the edge of its row.
for (const here of document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")) {
  const row = here.parentElement;
  row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}
// What was refused names its field where that stands open; the field says so too.
const refused = document.getElementById("refused");
if (refused?.dataset.field) {
  const named = document.querySelectorAll(`main form [name="${CSS.escape(refused.dataset.field)}"]:not([type=hidden])`);
  const field = [...named].find((each) => !each.closest("details:not([open])"));
  // Without what it says in brackets, a unit or that it may be empty.
  const label = field?.closest("label")?.firstChild?.textContent.trim().replace(/\s*[（(].*[）)]$/, "");
  if (label && !["radio", "checkbox"].includes(field.type)) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", "refused");
    refused.querySelector("b").prepend(refused.dataset.names.replace("#", label));
  }
}
refused?.focus();
