// The chart page as a CDS client: builds each hook request with its EHR's server, sends it to the service as any EHR
// would, shows the cards, applies what the prescriber accepts, and reports back what was done with each card.

const form = document.getElementById("order");
const part = (id) => document.getElementById(id);
const { hookRequest, orders, cards, sign: signer, discovery, service } = form.dataset;
const here = { call: 0, again: 0, response: null, pending: null };

const json = { "Content-Type": "application/json", Accept: "application/json" };
const post = (url, body) => fetch(url, { method: "POST", headers: json, body: JSON.stringify(body) });

// Each call carries a JWT of its own, made for that very endpoint; the EHR's key stays on its server.
async function signed(path) {
  const { jwt } = await (await expect(await post(signer, { path }), "signing the call")).json();
  return { ...json, Authorization: `Bearer ${jwt}` };
}
const send = async (path, body) => fetch(path, { method: "POST", headers: await signed(path), body: JSON.stringify(body) });
const discover = async () => fetch(discovery, { headers: await signed(discovery) });

async function expect(response, what) {
  if (response.ok) return response;
  const text = await response.text();
  throw new Error(`${what}: HTTP ${response.status} ${text.slice(0, 200)}`);
}

let listed = null;
async function templates(hook) {
  listed ??= discover().then((response) => expect(response, "discovery")).then((response) => response.json());
  const { services } = await listed;
  return services.find((item) => item.id === service && item.hook === hook)?.prefetch ?? {};
}

function fields() {
  const value = (name) => Number(form.elements[name]?.value ?? 0);
  return { dose: value("dose"), every: value("every"), minutes: value("minutes") };
}

// The order as it stands: the accepted suggestion's whole resource until a field is changed, else the panel's fields.
const order = () => here.pending ?? fields();

async function fire(hook) {
  const call = ++here.call;
  busy(hook);
  try {
    const body = { hook, templates: await templates(hook) };
    if (hook !== "patient-view") body.order = order();
    const request = await (await expect(await post(hookRequest, body), "the chart")).json();
    const started = performance.now();
    const response = await send(`${discovery}/${service}`, request);
    const answer = await readable(response);
    record(`${hook} · ${response.status} · ${Math.round(performance.now() - started)} ms`, request, answer);
    if (call !== here.call) return null; // a newer question has been asked
    return await show(hook, request, response, answer);
  } catch (error) {
    if (call === here.call) unanswered(hook, error.message);
    return null;
  }
}

async function readable(response) {
  const text = await response.text();
  try { return JSON.parse(text); } catch { return text; }
}

async function show(hook, request, response, answer) {
  if (!response.ok) {
    unanswered(hook, `HTTP ${response.status}. ${answer?.issue?.[0]?.diagnostics ?? answer?.message ?? answer?.error ?? ""}`);
    return null;
  }
  here.response = { request, answer };
  if (answer.cards.some(pending) && here.again++ < ASK_AGAIN.times) askLater(hook);
  const drawn = await expect(await post(cards, { hook, cards: answer.cards }), "the cards");
  insert(part("cards"), await drawn.text());
  part("cards").querySelectorAll(".card-detail").forEach(fold);
  idle(hook);
  return answer.cards.length;
}

// HTML from this page's own server, where every text of a card or chart has been escaped.
function insert(target, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  target.replaceChildren(...page.body.childNodes);
}

// A long card is folded to its first part, as EHRs do; one click shows it whole.
const FOLDED_PX = 420;
function fold(detail) {
  if (detail.scrollHeight <= FOLDED_PX) return;
  detail.nextElementSibling.hidden = false;
  setFolded(detail, true);
}

// What can not be seen can not be tabbed to either.
function setFolded(detail, folded) {
  detail.classList.toggle("folded", folded);
  for (const stop of detail.querySelectorAll("a, .scroll")) stop.tabIndex = folded && stop.offsetTop > detail.clientHeight ? -1 : 0;
}

function unfold(button) {
  const whole = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(whole));
  button.textContent = whole ? "Show less" : "Show the whole card";
  setFolded(document.getElementById(button.getAttribute("aria-controls")), !whole);
}

function busy(hook) {
  part("advice").setAttribute("aria-busy", "true");
  part("hook-name").textContent = `${hook} …`;
}

function idle(hook) {
  part("advice").setAttribute("aria-busy", "false");
  part("hook-name").textContent = hook;
}

// A card may say that its estimate is on its way: the chart then asks the same again, unless something else was asked.
const ASK_AGAIN = { times: 6, ms: 1500 };
const pending = (card) => card.extension?.["titrate.dose-advice"]?.kind === "pending";

function askLater(hook) {
  const call = here.call;
  setTimeout(() => { if (call === here.call) guarded(fire)(hook); }, ASK_AGAIN.ms);
}

function unanswered(hook, message) {
  const note = document.createElement("p");
  note.className = "unanswered";
  note.textContent = `Decision support did not answer (${message.trim()}). Ordering works as usual.`;
  here.response = null;
  part("cards").replaceChildren(note);
  idle(hook);
}

function record(title, request, answer) {
  const entry = part("wire-entry").content.cloneNode(true);
  const shown = structuredClone(request);
  if (shown.fhirAuthorization) shown.fhirAuthorization.access_token = "…";
  entry.querySelector("summary").textContent = title;
  const [sent, received] = entry.querySelectorAll("pre");
  sent.textContent = JSON.stringify(shown, null, 2);
  received.textContent = typeof answer === "string" ? answer : JSON.stringify(answer, null, 2);
  part("wire").prepend(entry);
  while (part("wire").childElementCount > 8) part("wire").lastElementChild.remove();
}

function say(text) { part("status").textContent = text; }

function daily() {
  const { dose, every } = fields();
  const total = (dose * 24) / every;
  part("daily").textContent = dose > 0 && every > 0 ? `${Number(total.toFixed(1))} mg a day` : "";
}

// Returns the order as the EHR stored it, with its id.
async function save(resource, sign) {
  const stored = await (await expect(await post(orders, { resource, sign }), "saving the order")).json();
  insert(part("orders"), stored.list);
  return stored.resource;
}

async function feedback(entry) {
  const body = { feedback: [{ ...entry, outcomeTimestamp: new Date().toISOString() }] };
  const response = await send(`${discovery}/${service}/feedback`, body);
  record(`feedback · ${entry.outcome} · ${response.status}`, body, await readable(response));
  if (!response.ok) throw new Error(`feedback: HTTP ${response.status}`);
}

async function accept(button) {
  const article = button.closest("[data-card]");
  const card = here.response.answer.cards.find((item) => item.uuid === article.dataset.card);
  const suggestion = card.suggestions.find((item) => item.uuid === button.dataset.accept);
  for (const action of suggestion.actions ?? []) {
    if (action.type === "delete" || action.resource?.resourceType !== "MedicationRequest") continue;
    here.pending = await save({ ...action.resource, status: "draft" }, false);
    fill(here.pending);
  }
  button.textContent = button.textContent.replace("Accept:", "Accepted:");
  settle(article, "Accepted. The order is not signed yet.");
  say("Suggestion taken into the order. Sign it to make it active.");
  await feedback({ card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] });
}

function fill(resource) {
  const dosage = resource.dosageInstruction?.[0];
  const repeat = dosage?.timing?.repeat ?? {};
  const hours = { h: 1, d: 24, min: 1 / 60 }[repeat.periodUnit];
  const minutes = { min: 1, h: 60 }[repeat.durationUnit];
  put("dose", dosage?.doseAndRate?.[0]?.doseQuantity?.value);
  put("every", hours && (repeat.period * hours) / (repeat.frequency ?? 1));
  put("minutes", minutes && repeat.duration * minutes);
  daily();
}

function put(name, value) {
  const input = form.elements[name];
  if (!input || !Number.isFinite(value)) return;
  if (input.options && ![...input.options].some((option) => Number(option.value) === value)) {
    input.add(new Option(`${value} h`, String(value)));
  }
  input.value = String(value);
}

async function override(overridden) {
  const article = overridden.closest("[data-card]");
  const chosen = overridden.elements.reason?.selectedOptions[0];
  const comment = overridden.elements.comment.value.trim();
  const overrideReason = {};
  if (chosen?.value) overrideReason.reason = { code: chosen.value, system: chosen.dataset.system, display: chosen.text };
  if (comment) overrideReason.userComment = comment;
  const entry = { card: article.dataset.card, outcome: "overridden" };
  if (Object.keys(overrideReason).length) entry.overrideReason = overrideReason;
  await feedback(entry);
  settle(article, chosen?.value ? `Overridden: ${chosen.text}` : "Overridden");
}

function settle(article, text) {
  article.classList.add("settled");
  for (const control of article.querySelectorAll("[data-accept], .override button, select, input")) control.disabled = true;
  article.querySelector(".override")?.removeAttribute("open");
  article.querySelector(".outcome").textContent = text;
}

async function sign() {
  here.again = 0;
  say("Checking the order …");
  const advice = await fire("order-sign");
  if (advice === 0) return complete();
  part("complete").hidden = false;
  part("sign").hidden = true;
  say(advice === null ? "There is no advice on this order; signing goes on as usual." : "Read the advice below, then complete signing. Nothing is blocked.");
  return undefined;
}

async function complete() {
  const resource = here.pending ?? (await drafted());
  await save({ ...resource, status: "draft" }, true);
  here.pending = null;
  unsign();
  say("Order signed. It is active now.");
}

// The draft that the last hook was asked about; built by the EHR's server from the panel's fields.
async function drafted() {
  const body = { hook: "order-sign", order: fields(), prefetch: "none" };
  const request = await (await expect(await post(hookRequest, body), "the chart")).json();
  return request.context.draftOrders.entry[0].resource;
}

function unsign() {
  part("complete").hidden = true;
  part("sign").hidden = false;
}

const guarded = (task) => async (...given) => {
  try { return await task(...given); } catch (error) { say(error.message); return undefined; }
};

let later = 0;
form.addEventListener("input", () => {
  here.pending = null;
  here.again = 0;
  unsign();
  daily();
  say("");
  clearTimeout(later);
  if (form.checkValidity()) later = setTimeout(guarded(() => fire("order-select")), 500);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(later);
  guarded(sign)();
});
part("complete").addEventListener("click", guarded(complete));
part("check").addEventListener("click", guarded(() => fire("order-select")));
part("cards").addEventListener("click", (event) => {
  const button = event.target.closest("[data-accept]");
  if (button) guarded(accept)(button);
  const more = event.target.closest("[aria-controls]");
  if (more) unfold(more);
});
part("cards").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(override)(event.target);
});

daily();
guarded(() => fire("patient-view"))();
