#include "plugin/vethctl/report/html_assets.hpp"

namespace report {

std::string_view html_style() {
  return R"css(
:root { color-scheme: light dark; --page: #fbfcfd; --text: #1f2933; --quiet: #5f6c7b; --host: #f0f3f6; --line: #b8c2cc;
  --pod: #ffffff; --bridge: #e6f4e9; --bridge-line: #5b9a68; --port: #dbe9fb; --port-line: #4a7fc1; --between: #8559b5;
  --service: #256b45; --fault: #c0291f; --warning: #96600d; --note: #3b6ea5; --fault-bg: #fdecea; --warning-bg: #fdf4e0;
  --note-bg: #e9f1fa; --focus: #1d66c9; --shadow: 0 6px 24px rgb(15 23 42 / .22); }
@media (prefers-color-scheme: dark) {
  :root { --page: #12161b; --text: #e3e8ee; --quiet: #9aa7b5; --host: #1a2028; --line: #465260; --pod: #232b35;
    --bridge: #18291d; --bridge-line: #4f8a5c; --port: #1d3554; --port-line: #5e97dd; --between: #b48be0;
    --service: #7fcf9f; --fault: #ff8a80; --warning: #f2c063; --note: #8fbcf0; --fault-bg: #3c1f1f;
    --warning-bg: #38301b; --note-bg: #1c2d42; --focus: #7fb4ff; --shadow: 0 6px 24px rgb(0 0 0 / .6); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); line-height: 1.4;
  font: 14px/1.4 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1, h2, h3, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 1.4rem; }
code, pre, .port, .addresses, .services { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; }
header, main, #findings { padding: 0 1rem; max-width: 130rem; margin: 0 auto; }
header { padding-top: 1rem; }
.quiet { color: var(--quiet); }
.tools { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); }
.tools form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; padding: .6rem 1rem; max-width: 130rem;
  margin: 0 auto; }
.tools input, .tools select { font: inherit; color: inherit; background: var(--pod); border: 1px solid var(--line);
  border-radius: .4rem; padding: .35rem .6rem; min-width: 0; }
.tools input { flex: 1 1 16rem; }
.tools select { flex: 0 1 auto; max-width: 100%; }
output { color: var(--quiet); margin-left: auto; white-space: nowrap; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
#findings { margin-top: 1rem; }
#findings > summary { cursor: pointer; font-weight: 600; }
.finding { border-left: 4px solid; border-radius: .3rem; padding: .3rem .6rem; margin-top: .4rem;
  overflow-wrap: anywhere; }
.finding.fault { background: var(--fault-bg); border-color: var(--fault); }
.finding.warning { background: var(--warning-bg); border-color: var(--warning); }
.finding.note { background: var(--note-bg); border-color: var(--note); }
.finding b { margin-right: .2rem; }
.fault > b, .count.fault { color: var(--fault); }
.warning > b, .count.warning { color: var(--warning); }
.note > b, .count.note { color: var(--note); }
.finding a { color: inherit; margin-right: .5rem; }
.pod .finding { font-size: .8rem; padding: .15rem .45rem; }
main { padding-bottom: 3rem; }
.host { border: 1px solid var(--line); border-radius: .8rem; background: var(--host); margin-top: 1rem;
  padding: .8rem; }
.group { margin-top: .8rem; border-radius: .6rem; }
.group > h2 { font-size: 1rem; }
.group > h2 small { color: var(--quiet); font-weight: normal; margin-left: .5rem; overflow-wrap: anywhere; }
.bridge { background: var(--bridge); border: 1px solid var(--bridge-line); padding: .6rem .8rem .8rem; }
.bridge.missing { border: 2px dashed var(--fault); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr)); gap: .7rem 1.2rem;
  align-items: start; margin-top: .5rem; }
.between .cards { grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); }
.card { display: flex; align-items: stretch; border-radius: .6rem; cursor: pointer; scroll-margin: 5rem; }
.card[hidden], .group[hidden] { display: none; }
.port { align-self: center; flex: 0 1 auto; max-width: 45%; font-size: .76rem; background: var(--port);
  border: 1px solid var(--port-line); border-radius: 1rem; padding: .15rem .6rem; overflow-wrap: anywhere; }
.cable { align-self: center; flex: 1 0 1rem; max-width: 3.5rem; height: 0; border-top: 2px solid var(--port-line);
  position: relative; }
.cable::after, .cable::before { content: ""; position: absolute; top: -5px; width: 8px; height: 8px; border-radius: 50%;
  background: var(--port-line); }
.cable::before { left: -4px; }
.cable::after { right: -4px; }
.between .cable { border-color: var(--between); flex-basis: 2rem; }
.between .cable::after, .between .cable::before { background: var(--between); }
.card.faulty .cable { border-top: 2px dashed var(--fault); }
.card.passing .cable { border-top: 2px dotted var(--warning); }
.pod { flex: 1 1 11rem; min-width: 0; background: var(--pod); border: 1px solid var(--line); border-radius: .6rem;
  padding: .45rem .7rem .5rem; overflow-wrap: anywhere; }
.card.has-fault .pod { border: 2px solid var(--fault); }
.card.has-warning .pod { border: 2px solid var(--warning); }
.card.has-note .pod { border-color: var(--note); }
.card:hover .pod, .card:target .pod { box-shadow: 0 0 0 3px var(--port-line); }
.card.sibling .pod { box-shadow: 0 0 0 2px var(--between); }
.pod h3 { font-size: .95rem; unicode-bidi: isolate; }
.pod .quiet { font-size: .78rem; }
.interface { margin-top: .25rem; }
.interface > div { display: flex; gap: .8rem; align-items: baseline; }
.network { font-size: .78rem; white-space: nowrap; unicode-bidi: isolate; display: flex; align-items: center;
  gap: .3rem; color: var(--quiet); }
.network::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: var(--network); }
.addresses, .services { font-size: .8rem; }
.services { color: var(--service); }
.state { font-size: .78rem; font-weight: 600; color: var(--fault); }
.passing .state { color: var(--warning); }
.n0 { --network: #4a7fc1; } .n1 { --network: #c77d21; } .n2 { --network: #3f9a73; } .n3 { --network: #b2559b; }
.n4 { --network: #7d6bd0; } .n5 { --network: #b9a01c; } .n6 { --network: #4aa3b5; } .n7 { --network: #b3574e; }
#panel { position: fixed; z-index: 3; background: var(--pod); border: 1px solid var(--line); border-radius: .6rem;
  box-shadow: var(--shadow); padding: .6rem .8rem; max-width: min(64rem, calc(100vw - 1rem)); max-height: 80vh;
  overflow: auto; }
#panel[hidden] { display: none; }
#panel.pinned { border-color: var(--focus); }
#panel h2 { font-size: .95rem; overflow-wrap: anywhere; padding-right: 4.5rem; }
#panel pre { font-size: .76rem; margin: .5rem 0 0; overflow-x: auto; }
#panel button { position: absolute; top: .4rem; right: .5rem; font: inherit; color: inherit; background: none;
  border: 1px solid var(--line); border-radius: .3rem; cursor: pointer; }
#panel:not(.pinned) button { display: none; }
#none { padding: 2rem; text-align: center; color: var(--quiet); }
footer { color: var(--quiet); font-size: .8rem; margin-top: 1rem; }
@media (max-width: 700px) {
  body { font-size: 13px; }
  header, main, #findings, .tools form { padding-left: .5rem; padding-right: .5rem; }
  .host { padding: .5rem; } .bridge { padding: .5rem; }
  .tools input { flex-basis: 100%; } .tools select { flex: 1 1 0; }
  .between .card { flex-direction: column; }
  .between .pod { flex-basis: auto; }
  .between .cable { height: 1.4rem; flex: 0 0 1.4rem; border-top: 0; border-left: 2px solid var(--between); width: 0; }
  .between .cable::before { left: -5px; top: -4px; } .between .cable::after { left: -5px; top: auto; bottom: -4px; }
  #panel { left: 0 !important; right: 0; top: auto !important; bottom: 0; max-width: none; max-height: 60vh;
    border-radius: .8rem .8rem 0 0; } }
@media print { .tools, #panel { display: none; } .card { break-inside: avoid; } }
)css";
}

std::string_view html_script() {
  return R"js(
"use strict";
const cards = Array.from(document.querySelectorAll(".card"));
const groups = Array.from(document.querySelectorAll(".group"));
const search = document.getElementById("search");
const network = document.getElementById("network");
const state = document.getElementById("state");
const panel = document.getElementById("panel");
const texts = new Map(cards.map((card) => [card, card.dataset.search.toLowerCase()]));

function matches(card) {
  const words = search.value.toLowerCase().split(/\s+/);
  const isInState = state.value === "" || card.dataset.state === state.value.slice(1) && state.value[0] === "=";
  const hasFinding = state.value === "!" && card.dataset.severity !== "";
  return (isInState || hasFinding) && (network.selectedIndex === 0 || card.dataset.network === network.value) &&
    words.every((word) => texts.get(card).includes(word));
}

function filter() {
  for (const card of cards) card.hidden = !matches(card);
  for (const group of groups) group.hidden = !group.querySelector(".card:not([hidden])") && cards.length > 0;
  const shown = cards.filter((card) => !card.hidden).length;
  document.getElementById("shown").textContent = shown + " of " + cards.length;
  document.getElementById("none").hidden = shown > 0 || cards.length === 0;
  if (!panel.hidden) hide();
}

function place(card) {
  const gap = 8;
  const box = card.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const right = box.right + gap;
  const left = box.left - gap - size.width;
  const below = box.bottom + gap;
  let x = Math.max(gap, Math.min(box.left, innerWidth - size.width - gap));
  let y = below + size.height <= innerHeight ? below : Math.max(gap, box.top - gap - size.height);
  if (right + size.width <= innerWidth) [x, y] = [right, box.top];
  else if (left >= gap) [x, y] = [left, box.top];
  panel.style.left = x + "px";
  panel.style.top = Math.max(gap, Math.min(y, innerHeight - size.height - gap)) + "px";
}

function mark(card) {
  for (const other of cards) {
    other.classList.toggle("sibling", Boolean(card) && other !== card && other.dataset.pod === card.dataset.pod);
  }
}

function show(card) {
  const title = document.createElement("h2");
  title.textContent = card.dataset.name;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "close";
  close.addEventListener("click", hide);
  const detail = Array.from(card.querySelector(".detail").childNodes, (node) => node.cloneNode(true));
  panel.replaceChildren(title, close, ...detail);
  panel.hidden = false;
  panel.scrollTop = 0;
  place(card);
  mark(card);
}

function hide() {
  panel.hidden = true;
  panel.classList.remove("pinned");
  mark(null);
}

function pin(card) {
  show(card);
  panel.classList.add("pinned");
}

function isPinned() { return panel.classList.contains("pinned"); }

for (const card of cards) {
  card.addEventListener("mouseenter", () => { if (!isPinned()) show(card); });
  card.addEventListener("mouseleave", () => { if (!isPinned()) hide(); });
  card.addEventListener("focus", () => { if (!isPinned()) show(card); });
  card.addEventListener("blur", () => { if (!isPinned()) hide(); });
  card.addEventListener("click", () => pin(card));
}

function follow() {
  const card = cards.find((each) => "#" + each.id === location.hash);
  if (!card) return;
  if (card.hidden) {
    document.getElementById("filters").reset();
    filter();
  }
  card.scrollIntoView({ block: "center" });
  card.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".card, #panel")) hide();
  if (event.target.closest("a")) setTimeout(follow);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  if (event.key === "Enter" && event.target.classList.contains("card")) pin(event.target);
  if (event.key !== "/" || event.target === search || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search.focus();
});
addEventListener("scroll", () => {
  if (panel.hidden || isPinned()) return;
  const focused = document.activeElement.closest(".card");
  if (focused) place(focused);
  else hide();
}, { passive: true });
addEventListener("hashchange", follow);
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
for (const control of [search, network, state]) control.addEventListener("input", filter);
filter();
follow();
)js";
}

std::string_view html_script_hash() { return "sha256-KrRO3J3WaYPaj8mX1t49x2+m29GnBL3JTkB9zs1mpFE="; }

}  // namespace report
