// An error of the server (RFC 9457), or of the way to it.

export class Problem extends Error {
  constructor({ status = 0, code = "unreachable", title = "", detail = "", path, index, transient = false }) {
    super(detail || title || code);
    this.status = status;
    this.code = code;
    this.path = path;
    this.index = index;
    this.transient = transient;
  }

  get is_denied() {
    return this.status === 403;
  }
  get is_missing() {
    return this.status === 404;
  }
  // Whether somebody else changed the row since it was read.
  get is_stale() {
    return this.status === 412;
  }
}

export async function problem_of(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // Not the server's own answer, such as that of a proxy: the status is all there is.
  }
  return new Problem({
    status: response.status,
    code: body.code ?? `http_${response.status}`,
    title: body.title ?? response.statusText,
    detail: body.detail,
    path: body.path,
    index: body.index,
    transient: body.transient ?? (response.status === 503 || response.status === 429),
  });
}

export function words_of(failure) {
  if (failure instanceof Problem) {
    const place = failure.path ? ` (${failure.path})` : "";
    return failure.message + place;
  }
  return String(failure?.message ?? failure);
}
