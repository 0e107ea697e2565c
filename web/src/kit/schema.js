// What a type's JSON Schema says of its fields, for columns, filters and the editor. The server's check is the one that
// counts; this one answers while somebody types.
import { brief, is_object, same, value_at } from "./json.jsx";

// In the place of what a schema would say, for a type whose schema this page could not read.
export const unknown_schema = (type) => (type.is_denied ? "You may not read the schema of this type." : "The schema of this type could not be read.");

export function fields_of(type) {
  const out = [];
  walk(type?.schema ?? {}, "data", 0, out);
  return out;
}

function walk(schema, path, depth, out) {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  for (const [name, inner] of Object.entries(is_object(schema.properties) ? schema.properties : {})) {
    const place = `${path}.${name}`;
    const kind = kind_of(inner);
    if (kind === "object" && is_object(inner.properties) && depth < 3) walk(inner, place, depth + 1, out);
    else out.push({ path: place, name: place.slice(5), kind, schema: inner, is_required: required.has(name), references: inner?.references ?? inner?.items?.references, is_indexed: inner?.["x-index"] === true });
  }
}

export function kind_of(schema) {
  if (!is_object(schema)) return "any";
  if (Array.isArray(schema.enum)) return "choice";
  if (schema.references) return "reference";
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (type === "string" && (schema.format === "date" || schema.format === "date-time")) return schema.format;
  return type ?? "any";
}

const type_of = (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
function has_type(value, type) {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  return type_of(value) === type;
}

// [{path, message}]: the first mistakes of a value.
export function faults_of(value, schema, path = "") {
  if (schema === false) return [{ path, message: "is not allowed here" }];
  if (!is_object(schema)) return [];
  const faults = [];
  const refuse = (message, at = path) => faults.push({ path: at, message });
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => has_type(value, type))) {
    refuse(`must be ${types.join(" or ")}, and is ${type_of(value)}`);
    return faults;
  }
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => same(one, value)))
    refuse(`must be one of ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`);
  if ("const" in schema && !same(schema.const, value)) refuse(`must be ${JSON.stringify(schema.const)}`);
  if (typeof value === "number") {
    if (value < schema.minimum) refuse(`must be at least ${schema.minimum}`);
    if (value > schema.maximum) refuse(`must be at most ${schema.maximum}`);
  }
  if (typeof value === "string") {
    const length = [...value].length;
    if (length < schema.minLength) refuse(`must have at least ${schema.minLength} characters`);
    if (length > schema.maxLength) refuse(`must have at most ${schema.maxLength} characters`);
  }
  if (Array.isArray(value)) {
    if (value.length < schema.minItems) refuse(`must have at least ${schema.minItems} elements`);
    if (value.length > schema.maxItems) refuse(`must have at most ${schema.maxItems} elements`);
    if (schema.items !== undefined && !Array.isArray(schema.items))
      value.forEach((one, i) => faults.push(...faults_of(one, schema.items, `${path}[${i}]`)));
  }
  if (is_object(value)) object_faults(value, schema, path, faults);
  return faults.slice(0, 20);
}

function object_faults(value, schema, path, faults) {
  const at = (name) => (path ? `${path}.${name}` : name);
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name)) faults.push({ path: at(name), message: "is required" });
  const known = is_object(schema.properties) ? schema.properties : {};
  for (const [name, inner] of Object.entries(value)) {
    if (Object.hasOwn(known, name)) faults.push(...faults_of(inner, known[name], at(name)));
    else if (schema.additionalProperties === false && !schema.patternProperties)
      faults.push({ path: at(name), message: "is not in the schema" });
    else if (is_object(schema.additionalProperties)) faults.push(...faults_of(inner, schema.additionalProperties, at(name)));
  }
}

// A row to begin from: the required fields, with their defaults.
export function blank_of(schema) {
  const out = {};
  for (const name of schema?.required ?? []) {
    const inner = schema.properties?.[name] ?? {};
    const type = [inner.type].flat().find((one) => one !== "null");
    out[name] = inner.default ?? inner.enum?.[0] ?? { string: "", number: 0, integer: 0, boolean: false, array: [], object: {} }[type] ?? null;
  }
  return out;
}

// What a person knows a row by: the first text of the fields that are searched, or of those that are required.
export function title_of(type, row) {
  const paths = [...(type?.searchFields ?? []).map((path) => `data.${path}`), ...fields_of(type).filter((field) => field.is_required && field.kind === "string").map((field) => field.path)];
  for (const path of row ? paths : []) {
    const value = value_at(row, path);
    if (typeof value === "string" && value.trim() !== "") return brief(value, 90);
  }
  return null;
}

const most_expanded = 8; // paths of one query

// The reference fields whose rows are read with a list, so that a person reads names in place of ids.
export function expand_of(type) {
  const paths = fields_of(type).filter((field) => field.references).map((field) => field.path);
  return paths.length > 0 ? paths.slice(0, most_expanded) : undefined;
}
