// The query of a page of rows, in the address: `where`, `search`, `order`, `status`, `cursor`, `columns`.

import { Problem } from "../../api/problem.js";
import { is_object } from "../../kit/json.jsx";

export const operators_by_kind = {
  string: ["eq", "neq", "contains", "in", "gt", "lt", "exists"],
  reference: ["eq", "neq", "in", "exists"],
  choice: ["eq", "neq", "in", "nin", "exists"],
  number: ["eq", "neq", "gt", "gte", "lt", "lte", "in", "exists"],
  integer: ["eq", "neq", "gt", "gte", "lt", "lte", "in", "exists"],
  boolean: ["eq", "neq", "exists"],
  date: ["eq", "gte", "lte", "gt", "lt", "exists"],
  "date-time": ["gte", "lte", "gt", "lt", "eq", "exists"],
  time: ["gte", "lte", "gt", "lt"],
  array: ["contains", "eq", "exists"],
  object: ["exists", "eq"],
  any: ["eq", "neq", "gt", "gte", "lt", "lte", "contains", "in", "nin", "exists"],
};

export const operator_words = {
  eq: "is", neq: "is not", in: "is one of", nin: "is none of", contains: "contains",
  gt: "over", gte: "at least", lt: "under", lte: "at most", exists: "exists",
};

export const own_fields = [
  { path: "id", name: "id", kind: "string" },
  { path: "status", name: "status", kind: "string" },
  { path: "createdAt", name: "createdAt", kind: "time" },
  { path: "updatedAt", name: "updatedAt", kind: "time" },
];

export function where_of(parameters) {
  try {
    const where = [JSON.parse(parameters.where ?? "[]")].flat();
    return where.every(is_object) ? where : [];
  } catch {
    return [];
  }
}

// Of an address that was cut or mistyped: a list without its filters would show rows that nobody asked for.
export function where_fault(parameters) {
  let words = "it is not a list of conditions";
  try {
    if ([JSON.parse(parameters.where ?? "[]")].flat().every(is_object)) return null;
  } catch (fault) {
    words = fault.message;
  }
  return new Problem({ status: 400, code: "malformed_where", detail: `The filters in the address (where) cannot be read, so no rows are shown: ${words}` });
}

export function order_of(parameters) {
  if (!parameters.order) return [];
  return parameters.order.split(",").filter(Boolean).map((key) => (key.startsWith("-") ? { field: key.slice(1), direction: "desc" } : { field: key, direction: "asc" }));
}

export function query_of(parameters, limit = 50) {
  const query = { limit };
  const where = where_of(parameters);
  const order = order_of(parameters);
  if (where.length > 0) query.where = where;
  if (order.length > 0) query.order = order;
  if (parameters.search) query.search = parameters.search;
  if (parameters.status) query.status = parameters.status;
  if (parameters.cursor) query.cursor = parameters.cursor;
  return query;
}

export function words_of_condition(node) {
  if (node.any) return node.any.map(words_of_condition).join(" or ");
  if (node.all) return node.all.map(words_of_condition).join(" and ");
  if (node.relationPath) return `is reached by ${node.relationPath}`;
  const field = String(node.field ?? "?").replace(/^data\./, "");
  if (node.operator === "exists") return `${field} ${node.value ? "exists" : "is absent"}`;
  const value = typeof node.value === "string" ? node.value : JSON.stringify(node.value);
  return `${field} ${operator_words[node.operator] ?? node.operator} ${value}`;
}

// What somebody typed, as a value of the field's kind. Throws a text that says what is wrong.
export function value_of_text(text, kind, operator) {
  if (operator === "exists") return text !== "no";
  if (operator === "in" || operator === "nin") return text.split(",").map((one) => scalar_of(one.trim(), kind));
  if (kind === "array" && operator === "contains") return guessed(text);
  return scalar_of(text, kind);
}

function scalar_of(text, kind) {
  if (kind === "number" || kind === "integer") {
    const number = Number(text);
    if (text.trim() === "" || Number.isNaN(number)) throw new Error(`${JSON.stringify(text)} is not a number`);
    return number;
  }
  if (kind === "boolean") return text === "true";
  if (kind === "time") {
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw new Error("write a date and time");
    return at;
  }
  if (kind === "any" || kind === "object" || kind === "array") return guessed(text);
  return text;
}

function guessed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
