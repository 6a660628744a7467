// Keeps the judge's page for a reload without a connection. The network comes first; logging out clears the site's storage.
"use strict";
const STORE = "vnest-judging";
const KEPT = ["/contest/judging", "/static/base.css", "/static/base.js", "/static/judging.js", "/static/icon.svg"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET" || !KEPT.includes(path)) return;
  event.respondWith(fetch(event.request).then((answer) => {
    if (answer.ok && !answer.redirected) {
      const copy = answer.clone();
      event.waitUntil(caches.open(STORE).then((store) => store.put(path, copy)));
    }
    return answer;
  }).catch(() => caches.match(path)));
});
