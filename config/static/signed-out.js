// Whoever signs in here next must not open, without a connection, a page that was kept for the one before.
"use strict";
globalThis.caches?.delete("visits-1").catch(() => {});
