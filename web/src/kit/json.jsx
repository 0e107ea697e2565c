// JSON for reading: values by kind, and the difference of two of them by path.

export const is_object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const same = (a, b) => canonical(a) === canonical(b);

export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (is_object(value)) return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  return JSON.stringify(value) ?? "undefined";
}

export function brief(value, length = 120) {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

// The value at a path such as `data.address.city`; undefined if there is none.
export function value_at(row, path) {
  let value = row;
  for (const segment of path.split(".")) {
    if (!is_object(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value;
}

// The leaves of an object, as masks count them: scalars, arrays and empty objects.
export function leaves_of(value, prefix = "") {
  if (!is_object(value) || Object.keys(value).length === 0) return prefix ? [[prefix, value]] : [];
  return Object.entries(value).flatMap(([key, inner]) => leaves_of(inner, prefix ? `${prefix}.${key}` : key));
}

// [{path, before?, after?}] between two objects.
export function difference(before, after) {
  const old_leaves = new Map(leaves_of(before ?? {}));
  const new_leaves = new Map(leaves_of(after ?? {}));
  const paths = [...new Set([...old_leaves.keys(), ...new_leaves.keys()])];
  return paths
    .filter((path) => !(old_leaves.has(path) && new_leaves.has(path) && same(old_leaves.get(path), new_leaves.get(path))))
    .map((path) => ({ path, before: old_leaves.get(path), after: new_leaves.get(path) }));
}

// JSON Merge Patch (RFC 7396): what turns `before` into `after`, and what a patch makes of a value.
export function patch_between(before, after) {
  const patch = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (same(before[key], value) && Object.hasOwn(before, key)) continue;
    patch[key] = is_object(value) && is_object(before[key]) ? patch_between(before[key], value) : value;
  }
  return patch;
}
export function patched(value, patch) {
  if (!is_object(patch)) return patch;
  const out = { ...(is_object(value) ? value : {}) };
  for (const [key, inner] of Object.entries(patch)) {
    if (inner === null) delete out[key];
    else out[key] = patched(out[key], inner);
  }
  return out;
}

// The paths of a patch at which `after`, which it leads to, has null: a merge patch removes them instead.
export function nulls_removed(patch, after, prefix = "") {
  return Object.entries(patch).flatMap(([key, inner]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    if (inner === null) return Object.hasOwn(after, key) ? [path] : [];
    return is_object(inner) ? nulls_removed(inner, after[key], path) : [];
  });
}

// The paths of integers that a browser has rounded: stored ones are exact up to 64 bits.
export function rounded_in(value, prefix = "") {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** 64 ? [prefix] : [];
  if (Array.isArray(value)) return value.flatMap((one, i) => rounded_in(one, `${prefix}[${i}]`));
  if (is_object(value)) return Object.entries(value).flatMap(([key, inner]) => rounded_in(inner, prefix ? `${prefix}.${key}` : key));
  return [];
}

export function JsonView({ value }) {
  return <pre class="json" tabIndex={0} aria-label="JSON">{written(value, "")}</pre>;
}

function written(value, indent) {
  if (typeof value === "string") return <span class="string">{JSON.stringify(value)}</span>;
  if (value === null || typeof value !== "object") return <span class="scalar">{JSON.stringify(value) ?? "–"}</span>;
  const is_list = Array.isArray(value);
  const entries = is_list ? value.map((inner) => [null, inner]) : Object.entries(value);
  const [open, shut] = is_list ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return open + shut;
  const deeper = `${indent}  `;
  return [
    `${open}\n`,
    entries.map(([key, inner], i) => [
      deeper,
      key !== null && [<span class="key">{JSON.stringify(key)}</span>, ": "],
      written(inner, deeper),
      i < entries.length - 1 ? ",\n" : "\n",
    ]),
    indent + shut,
  ];
}

export function Diff({ changes, none = "No field differs." }) {
  if (changes.length === 0) return <p class="muted">{none}</p>;
  return (
    <div class="diff">
      {changes.map(({ path, before, after }) => (
        <div class="change" key={path}>
          <span class="path">{path}</span>
          <span class="stack tight">
            {before !== undefined && <span><del>{brief(before, 600)}</del></span>}
            {after !== undefined && <span><ins>{brief(after, 600)}</ins></span>}
          </span>
        </div>
      ))}
    </div>
  );
}
