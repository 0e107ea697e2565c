// The only module that talks to the server. Every request names the environment of the address bar, so that a page
// cannot ask one environment while it shows the other.
import { current_environment } from "../app/environment.js";
import { Problem, problem_of } from "./problem.js";

let on_signed_out = () => {};
export function when_signed_out(handler) {
  on_signed_out = handler;
}

// Ids that a path cannot have as they are begin with ~ (docs/http.md).
const as_segment = (text) => (/^~*(\.|\.\.|export)$/.test(text) ? "~" : "") + encodeURIComponent(text);

export function path_of(...segments) {
  return "/v1/" + segments.map(as_segment).join("/");
}

export function with_parameters(path, parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== "") search.set(name, value);
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

// `exact`: members of the body as JSON texts, which this page does not write again. `once`: an Idempotency-Key.
async function send(method, path, { body, exact, view_as, if_match, environment, parameters, signal, text, once } = {}) {
  const headers = { Accept: "application/json" };
  let content;
  if (text !== undefined) {
    headers["Content-Type"] = "application/x-ndjson";
    content = text;
  } else if (body !== undefined || method !== "GET") {
    headers["Content-Type"] = "application/json";
    content = with_exact(JSON.stringify(body ?? {}), exact);
  }
  if (view_as) headers["Struere-View-As"] = view_as;
  if (if_match !== undefined) headers["If-Match"] = `"${if_match}"`;
  if (once) headers["Idempotency-Key"] = once;
  // Signing in belongs to no environment.
  const is_sign_in = path.startsWith("/v1/operator/");
  const address = with_parameters(path, is_sign_in ? {} : { ...parameters, environment: environment ?? current_environment() });
  let response;
  try {
    response = await fetch(address, { method, headers, body: content, signal, credentials: "same-origin", redirect: "error" });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem({ detail: "The server did not answer. Check that `struere serve` still runs, then try again.", transient: true });
  }
  if (response.status === 401 && !path.startsWith("/v1/operator")) on_signed_out();
  if (!response.ok) throw await problem_of(response);
  return response;
}

function with_exact(object, exact = {}) {
  const members = Object.entries(exact).map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  return members.length === 0 ? object : `${object.slice(0, -1)}${object === "{}" ? "" : ","}${members.join(",")}}`;
}

async function answer(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export const api = {
  get: async (path, options) => answer(await send("GET", path, options)),
  get_text: async (path, options) => (await send("GET", path, options)).text(),
  post: async (path, body, options) => answer(await send("POST", path, { ...options, body })),
  put: async (path, body, options) => answer(await send("PUT", path, { ...options, body })),
  patch: async (path, body, options) => answer(await send("PATCH", path, { ...options, body })),
  remove: async (path, options) => answer(await send("DELETE", path, options)),
  lines: async (path, text, options) => answer(await send("POST", path, { ...options, text })),
};

// The browser streams the answer to a file; its size does not matter.
export function download(path, name) {
  const link = document.createElement("a");
  link.href = with_parameters(path, { environment: current_environment() });
  link.download = name;
  link.click();
}

export const items_of = (body) => (Array.isArray(body) ? body : (body?.items ?? []));
