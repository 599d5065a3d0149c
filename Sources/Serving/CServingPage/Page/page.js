"use strict";

const byId = (id) => document.getElementById(id);
// The class names come with the classification of all classes, which Triton's extension caps at so many.
const allClasses = 1000000;
const shownClasses = 5;
let image = null;
let latest = 0;
// What the server says of the chosen model's work; null before it has.
let status = null;

function headers() {
  const token = byId("token").value;
  return token ? { Authorization: "Bearer " + token } : {};
}

async function ask(path, options) {
  const response = await fetch(path, { ...options, headers: headers() });
  const answer = await response.json();
  if (response.status === 401) {
    byId("token-form").hidden = false;
    throw new Error("The server asks for a token.");
  }
  if (!response.ok) throw new Error(answer.error || "status " + response.status);
  return answer;
}

function modelPath() {
  return "v2/models/" + encodeURIComponent(byId("model").value);
}

function say(text, isWrong) {
  byId("message").textContent = text;
  byId("message").className = isWrong ? "wrong" : "";
  byId("message").hidden = !text;
  byId("answer").hidden = true;
}

function cell(row, text, className) {
  const made = document.createElement("td");
  made.textContent = text;
  if (className) made.className = className;
  row.append(made);
  return made;
}

const percent = (share, digits = 2) => (100 * share).toFixed(digits) + " %";
const grouped = (count) => count.toLocaleString("en");

function milliseconds(seconds) {
  const value = 1000 * seconds;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0) + " ms";
}

/** A cell with a bar for a share, and what it stands for. */
function bar(row, share, text) {
  const shown = cell(row, "", "range");
  const meter = document.createElement("meter");
  meter.value = share;
  meter.textContent = text;
  shown.append(meter, " " + text);
}

/** Fills a table's body with a row for each item, and hides the table where there is none. */
function fill(id, items, write) {
  byId(id).replaceChildren(...items.map((item, index) => {
    const row = document.createElement("tr");
    write(row, item, index);
    return row;
  }));
  byId(id).parentElement.hidden = items.length === 0;
}

/** The names of the classes by index, of texts such as "0.31:7:cat". */
function names(texts) {
  const found = [];
  for (const text of texts) {
    const [, index, ...label] = text.split(":");
    found[Number(index)] = label.length ? label.join(":") : index;
  }
  return found;
}

function showClasses(texts, labels) {
  fill("classes", texts.slice(0, shownClasses), (row, text) => {
    const [value, index] = text.split(":");
    cell(row, labels[Number(index)], "long");
    bar(row, Number(value), percent(Number(value)));
  });
}

/** Members that ran are those with a distribution: the others' probabilities are 0. */
function showMembers(values, shape, labels, missing) {
  const [, count, width] = shape;
  const members = Array.from({ length: count }, (_, index) => values.slice(index * width, (index + 1) * width));
  fill("members", members, (row, said, index) => {
    const name = status?.members[index] ?? String(index + 1);
    cell(row, name);
    const best = said.indexOf(Math.max(...said));
    if (said[best] > 0) {
      cell(row, labels[best], "long");
      cell(row, percent(said[best]), "number");
    } else if (missing.includes(name)) {
      cell(row, "is lost", "wrong").colSpan = 2;
    } else {
      cell(row, "did not run: the image had stopped", "soft").colSpan = 2;
    }
  });
}

/** What a cascade asks for after a member, so that an image stops there. */
function demand(exit) {
  const threshold = status?.stops?.thresholds[exit - 1];
  if (threshold === undefined || threshold === null) return "";
  const least = percent(threshold, 1);
  return ": " + ({
    maximumProbability: "a probability of at least " + least,
    margin: "a lead over the second class of at least " + least,
    entropy: "an entropy of at most " + (-threshold).toFixed(3) + " nats",
    agreement: "at least " + least + " of the members agree",
  }[status.stops.confidence] ?? "");
}

/** Where an image stopped, and why. */
function reason(exit, members, missing) {
  if (members === 1) return "one member";
  if (exit === members && missing.length > 0) return "all members that are left were asked";
  if (exit === members) return "all " + members + " members were asked";
  return "sure enough after member " + exit + " of " + members + demand(exit);
}

function show(answer, seconds) {
  const outputs = Object.fromEntries(answer.outputs.map((output) => [output.name, output]));
  const texts = outputs.probabilities.data;
  const labels = names(texts);
  const missing = (answer.parameters?.members_missing ?? "").split(",").filter(Boolean);
  byId("label").textContent = outputs.label.data[0];
  byId("stop").textContent = reason(outputs.exit_stage.data[0], outputs.members.shape[1], missing) + "; " + milliseconds(seconds);
  const expected = answer.parameters?.expected_accuracy;
  byId("warning").hidden = missing.length === 0;
  byId("warning").textContent = "Answered without " + missing.join(", ")
    + (expected === undefined ? "" : ": " + percent(expected) + " of the hold-out's images are right without");
  showClasses(texts, labels);
  showMembers(outputs.members.data, outputs.members.shape, labels, missing);
  say("");
  byId("answer").hidden = false;
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("the file cannot be read"));
    reader.readAsDataURL(file);
  });
}

async function classify() {
  if (!image || !byId("model").value) return;
  const number = latest += 1;
  say("Asking …");
  try {
    const body = JSON.stringify({
      inputs: [{
        name: "images", datatype: "BYTES", shape: [1], parameters: { content_type: "base64" },
        data: [await base64(image)],
      }],
      parameters: { all_members: byId("all").checked },
      outputs: [
        { name: "probabilities", parameters: { classification: allClasses } }, { name: "label" },
        { name: "exit_stage" }, { name: "members_run" }, { name: "members" },
      ],
    });
    const start = performance.now();
    const answer = await ask(modelPath() + "/infer", { method: "POST", body });
    if (number === latest) show(answer, (performance.now() - start) / 1000);
  } catch (error) {
    if (number === latest) say(error.message, true);
  }
  count();
}

function choose(file) {
  if (!file) return;
  image = file;
  const preview = byId("preview");
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.onload = () => preview.classList.toggle("small", preview.naturalWidth < 96);
  preview.alt = file.name;
  preview.hidden = false;
  byId("prompt").textContent = file.name;
  classify();
}

function showCounts({ requests, latency, batches }) {
  const failed = Object.entries(requests.failed).filter(([, count]) => count > 0);
  const reasons = { REJECTED: "too many or too late", CANCELED: "given up by clients", BACKEND: "failed", OTHER: "faulty" };
  const [images, count] = batches.reduce((sum, batch) => [sum[0] + batch.size * batch.count, sum[1] + batch.count], [0, 0]);
  const quantile = (value) => value ? "≈ " + milliseconds(value.estimate) : "–";
  const facts = [
    ["Requests answered", grouped(requests.answered)], ["Images", grouped(requests.images)],
    ["At work now", grouped(requests.pending)],
    ["Not answered", failed.map(([why, count]) => grouped(count) + " " + reasons[why]).join(", ") || "0"],
    ["Half within", quantile(latency.p50)], ["95 % within", quantile(latency.p95)], ["99 % within", quantile(latency.p99)],
    ["Images at a time", count ? (images / count).toFixed(1) : "–"],
  ];
  byId("counts").replaceChildren(...facts.map(([name, value]) => {
    const pair = document.createElement("div");
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    text.textContent = value;
    pair.append(term, text);
    return pair;
  }));
}

function showExits({ exits, stops, drift }) {
  const isCascade = stops !== undefined;
  byId("exits-caption").textContent = isCascade ? "After which member images stop" : "Images that each member computed";
  const counts = exits.map((exit) => isCascade ? exit.stopped : exit.computed);
  const sum = isCascade ? counts.reduce((sum, count) => sum + count, 0) : Math.max(...counts);
  const known = isCascade && drift.expected ? drift.expected : null;
  byId("exits-table").querySelector("thead th:last-child").hidden = !known;
  fill("exits", exits, (row, exit, index) => {
    cell(row, exit.member);
    const share = sum ? counts[index] / sum : 0;
    bar(row, share, grouped(counts[index]) + (isCascade ? " (" + percent(share, 0) + ")" : ""));
    if (known) cell(row, percent(known.exits[index] / known.images, 0), "number");
  });
}

function showBatches({ batches }) {
  const most = Math.max(1, ...batches.map((batch) => batch.count));
  fill("batches", batches, (row, batch) => {
    cell(row, batch.size);
    bar(row, batch.count / most, grouped(batch.count));
  });
  byId("batches-table").hidden = batches.length === 0;
}

function showDegraded({ degraded }) {
  fill("degraded", degraded, (row, service) => {
    cell(row, service.missing.join(", "));
    cell(row, grouped(service.images), "number");
    cell(row, service.expected_accuracy === undefined ? "–" : percent(service.expected_accuracy), "number");
  });
}

const driftTexts = {
  "unknown": "Not known: the ensemble was built without predictions of a hold-out.",
  "gathering": "Too few images have come to say.",
  "as expected": "No difference was found in where images stop, how sure answers are and whether members agree. Images of "
    + "another kind can look alike in these: this says nothing of how many answers are right.",
  "drifted": "No: accuracy and cost, which were measured there, cannot be relied on.",
};

/** Bounds, with 0 and 1 around them, each with as few digits as keep it apart from its neighbours. */
function rounded(bounds) {
  const all = [0, ...bounds, 1];
  return all.map((bound, index) => {
    if (bound === 0 || bound === 1) return String(bound);
    for (let digits = 3; ; digits += 1) {
      const text = bound.toFixed(digits);
      if (digits === 9 || (text !== all[index - 1].toFixed(digits) && text !== all[index + 1].toFixed(digits))) return text;
    }
  });
}

function showDrift({ drift }) {
  byId("drift-state").textContent = driftTexts[drift.state]
    + (drift.images ? " " + grouped(drift.images) + " images were compared." : "");
  byId("drift-state").className = drift.state === "drifted" ? "wrong" : "";
  const differences = drift.figures.filter((figure) => figure.since && figure.sentence);
  byId("drift-differences").hidden = differences.length === 0;
  byId("drift-differences").replaceChildren(...differences.map((figure) => {
    const item = document.createElement("li");
    item.textContent = figure.sentence + ", since " + new Date(figure.since).toLocaleString();
    return item;
  }));
  const { observed, expected, confidence_bounds: bounds } = drift;
  const isShown = observed && expected && observed.images > 0;
  if (isShown) byId("latest").textContent = "Latest " + grouped(observed.images) + " images";
  const texts = rounded(bounds);
  fill("confidences", isShown ? expected.confidences : [], (row, count, index) => {
    cell(row, texts[index] + " – " + texts[index + 1]);
    const [now, then] = [observed.confidences[index] / observed.images, count / expected.images];
    bar(row, now, percent(now, 0));
    bar(row, then, percent(then, 0));
  });
}

function showWorkers(workers) {
  byId("workers-section").hidden = workers.length === 0;
  fill("workers", workers, (row, worker) => {
    cell(row, worker.member);
    cell(row, worker.url, "long");
    cell(row, worker.state + (worker.reason ? ": " + worker.reason : ""), worker.state === "serving" ? "" : "wrong");
    cell(row, grouped(worker.requests), "number");
    cell(row, grouped(worker.failures), "number");
    cell(row, worker.p50 === undefined ? "–" : milliseconds(worker.p50), "number");
  });
}

async function count() {
  const name = byId("model").value;
  if (!name || document.hidden) return;
  try {
    const answer = await ask("status");
    status = answer.models.find((model) => model.name === name) ?? null;
    byId("live-message").hidden = true;
    byId("live-figures").hidden = !status;
    byId("drift-section").hidden = !status;
    byId("all-option").hidden = status?.stops === undefined;
    if (!status) return;
    for (const write of [showCounts, showExits, showBatches, showDegraded, showDrift]) write(status);
    showWorkers(answer.workers.filter((worker) => worker.model === name));
  } catch (error) {
    // The next one may succeed.
    byId("live-message").textContent = error.message;
    byId("live-message").hidden = false;
  }
}

async function listModels() {
  try {
    const models = await ask("v2/repository/index", { method: "POST" });
    byId("model").replaceChildren(...models.map((model) => new Option(model.name)));
    if (!image) say("No image yet.");
    await chooseModel();
  } catch (error) {
    say(error.message, true);
  }
}

async function chooseModel() {
  await count();
  classify();
}

byId("file").addEventListener("change", (event) => choose(event.target.files[0]));
byId("model").addEventListener("change", chooseModel);
byId("all").addEventListener("change", classify);
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  listModels();
});
for (const name of ["dragover", "dragleave", "drop"]) {
  byId("drop").addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
setInterval(count, 2000);
listModels();
