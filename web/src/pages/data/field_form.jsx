// The same object as a form: an input for each field of the schema, typed by its kind. It writes into the JSON text, so
// that both ways edit one thing.
import { useId } from "preact/hooks";
import { Badge, Field, Select } from "../../kit/basic.jsx";
import { value_at } from "../../kit/json.jsx";
import { fields_of } from "../../kit/schema.js";

function changed(value, path, next) {
  const out = structuredClone(value);
  const segments = path.split(".").slice(1);
  const last = segments.pop();
  let place = out;
  for (const segment of segments) place = place[segment] ??= {};
  if (next === undefined) delete place[last];
  else place[last] = next;
  return out;
}

export function FieldForm({ type, of }) {
  const id = useId();
  if (of.fault) return <p class="bad">Line {of.line}: {of.fault}. Mend the JSON first.</p>;
  const set = (field, next) => of.set_text(JSON.stringify(changed(of.value, field.path, next), null, 2));
  const fault_of = (field) => of.faults.find((fault) => fault.path === field.name)?.message;
  return (
    <div class="form-grid">
      {fields_of(type).map((field, i) => (
        <Field key={field.path} id={`${id}-${i}`} hint={field.schema.description} fault={fault_of(field)}
          label={<>{field.name} {field.is_required && <Badge>required</Badge>}</>}>
          <Input id={`${id}-${i}`} field={field} value={value_at({ data: of.value }, field.path)} set={(next) => set(field, next)} />
        </Field>
      ))}
    </div>
  );
}

function Input({ id, field, value, set }) {
  const on = (read) => (event) => set(read(event.currentTarget.value));
  const text_or_nothing = (text) => (text === "" ? undefined : text);
  if (field.kind === "choice") {
    const at = field.schema.enum.findIndex((one) => one === value);
    return <Select id={id} value={String(at)} onChange={on((index) => (index === "-1" ? undefined : field.schema.enum[Number(index)]))} options={[["-1", "–"], ...field.schema.enum.map((one, i) => [String(i), String(one)])]} />;
  }
  if (field.kind === "boolean")
    return <Select id={id} value={String(value)} onChange={on((word) => ({ true: true, false: false })[word])} options={[["undefined", "–"], "true", "false"]} />;
  if (field.kind === "number" || field.kind === "integer")
    return <input id={id} class="input" type="number" step={field.kind === "integer" ? 1 : "any"} value={value ?? ""} onInput={on((text) => (text === "" || Number.isNaN(Number(text)) ? undefined : Number(text)))} />;
  if (field.kind === "date") return <input id={id} class="input" type="date" value={value ?? ""} onInput={on(text_or_nothing)} />;
  if (["string", "reference", "date-time"].includes(field.kind) && (value === undefined || typeof value === "string")) {
    const name = `input ${field.kind === "string" ? "" : "mono"}`;
    if ((value ?? "").length > 80) return <textarea id={id} class="area" rows={4} value={value} onInput={on(text_or_nothing)} />;
    return <input id={id} class={name} placeholder={field.references ? `id of a ${field.references}` : field.kind === "date-time" ? "2026-01-31T09:30:00Z" : ""} value={value ?? ""} onInput={on(text_or_nothing)} />;
  }
  return <input id={id} class="input mono" disabled value={value === undefined ? "" : JSON.stringify(value)} placeholder="edit it as JSON" />;
}
