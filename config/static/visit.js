// Keeps what is typed and each photo on the phone at once, and sends them until they are taken. Without this file the
// page is a plain form. A module, so that its names are its own.
const form = document.getElementById("visit");
const path = location.pathname;
const key = `${form.dataset.user} ${path}`;
const words = form.dataset;
const note = document.getElementById("visit-state");
const shots = document.getElementById("visit-photos");
const RETRY = [2000, 4000, 8000, 15000, 30000]; // milliseconds
const RESTED = ["csrfmiddlewaretoken", "photo"];
// Taken as it is: everything else is worth another try.
const FINAL = new Set([400, 403, 404, 409, 413]);

// --- what the phone keeps ------------------------------------------------------
const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open("visits", 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("drafts");
    asked.result.createObjectStore("photos", { autoIncrement: true }).createIndex("of", "of");
  };
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(name, mode = "readonly") {
  return (await opened).transaction(name, mode).objectStore(name);
}

async function photosKept() {
  const index = (await store("photos")).index("of");
  const found = [];
  return new Promise((resolve, reject) => {
    const walk = index.openCursor(key);
    walk.onerror = () => reject(walk.error);
    walk.onsuccess = () => {
      const at = walk.result;
      if (!at) return resolve(found);
      found.push({ id: at.primaryKey, ...at.value });
      at.continue();
    };
  });
}

function typed() {
  const values = {};
  for (const [name, value] of new FormData(form)) if (!RESTED.includes(name)) (values[name] ||= []).push(value);
  return values;
}

let waiting = false; // pressed, and not taken yet
let locked = false; // what is disabled is in no form data
async function keepTyped() {
  if (locked) return;
  const drafts = await store("drafts", "readwrite");
  await done(drafts.put({ values: typed(), waiting }, key));
}

function fill(values) {
  for (const field of form.elements) {
    if (!field.name || RESTED.includes(field.name) || field.type === "button") continue;
    const kept = values[field.name];
    if (field.type === "checkbox") field.checked = Boolean(kept && kept.includes(field.value));
    else if (kept) field.value = kept[0];
  }
  for (const more of form.querySelectorAll("details.more")) {
    more.open = [...more.querySelectorAll("input, textarea")].some((field) => field.value && field.type !== "number");
  }
}

// --- photos ----------------------------------------------------------------------
async function showPhotos() {
  const kept = await photosKept();
  for (const image of shots.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  shots.replaceChildren(
    ...kept.map((photo) => {
      const line = document.createElement("li");
      const image = document.createElement("img");
      image.src = URL.createObjectURL(photo.blob);
      image.alt = photo.name;
      const away = document.createElement("button");
      away.type = "button";
      away.className = "quiet";
      away.textContent = words.remove;
      away.addEventListener("click", async () => {
        if (waiting) return;
        await done((await store("photos", "readwrite")).delete(photo.id));
        showPhotos();
      });
      const told = document.createElement("small");
      told.textContent = photo.sha256 ? words.sent : words.kept;
      line.append(image, told, away);
      return line;
    }),
  );
}

const camera = form.elements.photo;
async function keepPhotos() {
  for (const file of camera.files) {
    const photos = await store("photos", "readwrite");
    await done(photos.add({ of: key, name: file.name, blob: new Blob([file], { type: file.type }), sha256: "" }));
  }
  camera.value = "";
  camera.closest("label").classList.remove("chosen");
  showPhotos();
}

// --- sending ---------------------------------------------------------------------
function say(text, bad = false) {
  note.hidden = !text;
  note.textContent = text;
  note.classList.toggle("bad", bad);
  note.classList.toggle("warn", !bad);
}

class Refusal extends Error {}

// The session is over. What was typed stays; the page is kept anew when its person has opened it again.
function signedOut() {
  globalThis.caches?.delete("visits-1").catch(() => {});
  return new Refusal(words.signIn);
}

async function ask(address, body, token) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  const answer = await fetch(address, { method: "POST", body, headers, redirect: "manual", credentials: "same-origin" });
  if (answer.ok) return answer.json();
  if (answer.type === "opaqueredirect") throw signedOut();
  if (!FINAL.has(answer.status)) throw new Error(`${answer.status}`);
  const told = await answer.json().catch(() => null);
  throw new Refusal(told ? told.errors[0].detail : words.failed);
}

// The kept page may be older than the session, so the token is asked for anew.
async function freshToken() {
  const answer = await fetch(path, { redirect: "manual", cache: "no-store", credentials: "same-origin" });
  if (answer.type === "opaqueredirect") throw signedOut();
  if (!answer.ok && FINAL.has(answer.status)) throw new Refusal(words.failed);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[name=csrfmiddlewaretoken]").value;
}

async function sendPhotos(token) {
  for (const photo of await photosKept()) {
    if (photo.sha256) continue;
    const body = new FormData();
    body.append("sent_as", form.elements.sent_as.value);
    body.append("photo", photo.blob, photo.name);
    const { id, ...rest } = photo;
    const { sha256 } = await ask(words.photos, body, token);
    await done((await store("photos", "readwrite")).put({ ...rest, sha256 }, id));
  }
  showPhotos();
}

async function sendRecord(token) {
  const body = new URLSearchParams();
  for (const [name, values] of Object.entries(typed())) for (const value of values) body.append(name, value);
  for (const photo of await photosKept()) body.append("photo_sha256", photo.sha256);
  return ask(path, body, token);
}

async function forget() {
  await done((await store("drafts", "readwrite")).delete(key));
  for (const photo of await photosKept()) await done((await store("photos", "readwrite")).delete(photo.id));
  const ready = await navigator.serviceWorker?.getRegistration(words.scope);
  ready?.active?.postMessage({ drop: path });
}

function lock(on) {
  waiting = locked = on;
  for (const field of form.elements) if (field.type !== "hidden") field.disabled = on;
}

let tries = 0;
let timer = null;
let sending = false;
async function send() {
  if (sending || !waiting) return;
  sending = true;
  clearTimeout(timer);
  say(words.sending);
  try {
    lock(false);
    waiting = true;
    const token = await freshToken();
    await sendPhotos(token);
    const { url } = await sendRecord(token);
    await forget();
    location.assign(url);
    return;
  } catch (lost) {
    if (lost instanceof Refusal) {
      lock(false);
      await keepTyped();
      say(lost.message, true);
      note.focus();
    } else {
      lock(true);
      say(words.waiting);
      timer = setTimeout(send, RETRY[Math.min(tries++, RETRY.length - 1)]);
    }
  } finally {
    sending = false;
  }
}

async function press(event) {
  event.preventDefault();
  event.stopPropagation();
  tries = 0;
  waiting = true;
  await keepTyped();
  send();
}
window.addEventListener("online", () => {
  tries = 0;
  if (note.textContent === words.offline) say("");
  send();
});
window.addEventListener("offline", () => say(words.offline));

// --- on the spot -----------------------------------------------------------------
function localNow() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

for (const button of form.querySelectorAll("[data-now]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    form.elements[button.dataset.now].value = localNow();
    keepTyped();
    if (button.dataset.now !== "arrived_at" || !navigator.geolocation) return;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.lat.value = coords.latitude.toFixed(6);
        form.elements.lon.value = coords.longitude.toFixed(6);
        document.getElementById("visit-place").hidden = false;
        keepTyped();
      },
      () => {},
      { timeout: 20000, maximumAge: 60000, enableHighAccuracy: true },
    );
  });
}

// Where the phone keeps nothing, the page stays the plain form that it is.
async function begin() {
  const draft = await done((await store("drafts")).get(key));
  if (draft) fill(draft.values);
  if (form.elements.lat.value) document.getElementById("visit-place").hidden = false;
  form.addEventListener("input", keepTyped);
  form.addEventListener("change", keepTyped);
  // The record keeps its name from the first moment on.
  if (!draft) await keepTyped();
  await showPhotos();
  camera.addEventListener("change", keepPhotos);
  form.addEventListener("submit", press);
  navigator.storage?.persist?.();
  form.dataset.ready = "1";
  if (!draft?.waiting) {
    // Opened from what the phone keeps: nothing has told yet that there is no connection.
    await fetch(words.worker, { cache: "no-store" }).catch(() => waiting || say(words.offline));
    return;
  }
  lock(true);
  send();
}
begin().catch(() => {});

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(words.worker, { scope: words.scope }).then(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const parts = [...document.querySelectorAll("script[src], link[href]")].map((part) => part.src || part.href);
    active.postMessage({ keep: [path, ...parts] });
    document.documentElement.dataset.kept = "1";
  });
}
