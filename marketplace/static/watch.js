// Reports which listings lay wholly in the window and for how long, and how far was scrolled.
// Only worlds with `watch: true` load it: buyers that we drive are watched from outside.
"use strict";

const since = new Map();    // element in view -> when it came into view
const seconds = new Map();  // product -> seconds in view
const entered = performance.now();
let deepest = 0;

function settle(card, now) {
  const link = card.querySelector(".title a");
  const product = decodeURIComponent(link.pathname.split("/")[2]);
  seconds.set(product, (seconds.get(product) || 0) + (now - since.get(card)) / 1000);
  since.delete(card);
}

const observer = new IntersectionObserver(entries => {
  const now = performance.now();
  for (const entry of entries) {
    const whole = entry.intersectionRatio >= 0.99;
    if (whole && !since.has(entry.target)) since.set(entry.target, now);
    if (!whole && since.has(entry.target)) settle(entry.target, now);
  }
}, {threshold: [0, 0.99]});

for (const card of document.querySelectorAll("article.listing, .tile")) observer.observe(card);
addEventListener("scroll", () => { deepest = Math.max(deepest, scrollY); }, {passive: true});

function report() {
  const now = performance.now();
  const inView = [...since.keys()];
  for (const card of inView) settle(card, now);
  navigator.sendBeacon("/seen", JSON.stringify({
    path: location.pathname,
    seconds: (now - entered) / 1000,
    deepest: Math.round(deepest),
    listings: Object.fromEntries(seconds),
  }));
  seconds.clear();
  for (const card of inView) since.set(card, now);  // the page may come back
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") report();
});
