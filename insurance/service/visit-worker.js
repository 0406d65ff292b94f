// Lets the page of a visit open where there is no connection: the network first, then what was kept of it.
"use strict";

const KEPT = "visits-1";
const VISIT = /^\/insurance\/orders\/[^/]+\/visit\/$/;
const PATIENCE = 5000; // milliseconds

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page names itself and what it is made of when it has come whole.
self.addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keep(event.data.keep));
  if (event.data.drop) event.waitUntil(caches.open(KEPT).then((kept) => kept.delete(event.data.drop)));
});

async function keep(addresses) {
  const kept = await caches.open(KEPT);
  await Promise.all(
    addresses.map(async (address) => {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "manual" }).catch(() => null);
      if (answer && answer.ok) await kept.put(address, answer);
    }),
  );
}

async function page(request, path) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok && !answer.redirected) await kept.put(path, answer.clone());
    // Sent to the sign-in page: whoever comes next on this phone must not find the pages of the last one.
    if (answer.type === "opaqueredirect" || answer.redirected) await caches.delete(KEPT);
    // No longer this person's to see.
    if (answer.status === 403 || answer.status === 404) await kept.delete(path);
    return answer;
  } catch (lost) {
    const old = await kept.match(path);
    if (old) return old;
    throw lost;
  }
}

async function part(request) {
  try {
    return await fetch(request);
  } catch (lost) {
    const old = await caches.open(KEPT).then((kept) => kept.match(request, { ignoreVary: true }));
    if (old) return old;
    throw lost;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (VISIT.test(pathname)) event.respondWith(page(request, pathname));
  } else if (["script", "style", "image"].includes(request.destination)) {
    event.respondWith(part(request));
  }
});
