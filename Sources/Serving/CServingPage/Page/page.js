"use strict";

const byId = (id) => document.getElementById(id);
// The class names come with the classification of all classes, which Triton's extension caps at so many.
const allClasses = 1000000;
const shownClasses = 5;
let image = null;
let latest = 0;

function headers() {
  const token = byId("token").value;
  return token ? { Authorization: "Bearer " + token } : {};
}

async function ask(path, options) {
  const response = await fetch(path, { ...options, headers: headers() });
  const answer = await response.json();
  if (response.status === 401) byId("token-form").hidden = false;
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

const percent = (share) => (100 * share).toFixed(2) + " %";

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
  byId("classes").replaceChildren(...texts.slice(0, shownClasses).map((text) => {
    const [value, index] = text.split(":");
    const row = document.createElement("tr");
    cell(row, labels[Number(index)]);
    const shown = cell(row, "");
    const meter = document.createElement("meter");
    meter.value = Number(value);
    meter.textContent = percent(Number(value));
    shown.append(meter, " " + percent(Number(value)));
    return row;
  }));
}

function showMembers(values, shape, run, labels) {
  const [, count, width] = shape;
  const rows = [];
  for (let member = 0; member < count; member += 1) {
    const said = values.slice(member * width, (member + 1) * width);
    const row = document.createElement("tr");
    cell(row, String(member + 1));
    if (member < run) {
      const best = said.indexOf(Math.max(...said));
      cell(row, labels[best]);
      cell(row, percent(said[best]), "number");
    } else {
      cell(row, "did not run: the image had stopped", "soft").colSpan = 2;
    }
    rows.push(row);
  }
  byId("members").replaceChildren(...rows);
}

function show(answer, milliseconds) {
  const outputs = Object.fromEntries(answer.outputs.map((output) => [output.name, output]));
  const texts = outputs.probabilities.data;
  const labels = names(texts);
  const members = outputs.members.shape[1];
  const exit = outputs.exit_stage.data[0];
  byId("label").textContent = outputs.label.data[0];
  byId("stop").textContent = (exit < members ? "sure enough after member " + exit + " of " + members
    : members === 1 ? "one member" : "all " + members + " members were asked") + "; " + milliseconds.toFixed(1) + " ms";
  showClasses(texts, labels);
  showMembers(outputs.members.data, outputs.members.shape, outputs.members_run.data[0], labels);
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
    if (number === latest) show(answer, performance.now() - start);
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
  preview.alt = file.name;
  preview.hidden = false;
  byId("prompt").textContent = file.name;
  classify();
}

async function count() {
  if (!byId("model").value || document.hidden) return;
  try {
    const model = (await ask(modelPath() + "/stats")).model_stats[0];
    const { success, fail, queue } = model.inference_stats;
    const mean = (duration) => duration.count ? (duration.ns / duration.count / 1e6).toFixed(2) + " ms" : "–";
    const images = model.batch_stats.reduce((sum, batch) => sum + batch.batch_size * batch.compute_infer.count, 0);
    const facts = [
      ["Requests answered", success.count], ["Not answered", fail.count], ["Images", model.inference_count],
      ["Mean time", mean(success)], ["Of which waiting", mean(queue)],
      ["Images a batch", model.execution_count ? (images / model.execution_count).toFixed(1) : "–"],
    ];
    byId("counts").replaceChildren(...facts.map(([name, value]) => {
      const pair = document.createElement("div");
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      text.textContent = value;
      pair.append(term, text);
      return pair;
    }));
  } catch (error) {
    // The next one may succeed; what keeps an image from its answer is said there.
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
