// The filters of a list as chips, and the form that adds one, typed by the schema.
import { useId, useState } from "preact/hooks";
import { Button, Select } from "../../kit/basic.jsx";
import { Icon } from "../../kit/icons.jsx";
import { operator_words, operators_by_kind, own_fields, value_of_text, words_of_condition } from "./query.js";

export function FilterChips({ where, change }) {
  return where.map((node, i) => (
    <span class="chip" key={JSON.stringify(node) + i}>
      <span class="clip">{words_of_condition(node)}</span>
      <button type="button" aria-label={`Remove the filter: ${words_of_condition(node)}`} onClick={() => change(where.filter((_, at) => at !== i))}>
        <Icon name="close" />
      </button>
    </span>
  ));
}

export function FilterForm({ fields, add, close }) {
  const all = [...fields, ...own_fields];
  const [path, set_path] = useState(all[0].path);
  const field = all.find((one) => one.path === path);
  const operators = operators_by_kind[field.kind] ?? operators_by_kind.any;
  const [chosen, set_operator] = useState(operators[0]);
  const operator = operators.includes(chosen) ? chosen : operators[0];
  const [text, set_text] = useState("");
  const [fault, set_fault] = useState("");
  const id = useId();
  const submit = (event) => {
    event.preventDefault();
    try {
      const given = text !== "" ? text : field.kind === "choice" ? String(field.schema.enum[0]) : field.kind === "boolean" ? "true" : "";
      add({ field: path, operator, value: value_of_text(given, field.kind === "choice" ? kind_of_choice(field) : field.kind, operator) });
      close();
    } catch (failure) {
      set_fault(failure.message);
    }
  };
  return (
    <form class="toolbar" onSubmit={submit} aria-label="Add a filter">
      <Select small fit aria-label="Field" value={path} onChange={(event) => { set_path(event.currentTarget.value); set_text(""); }} options={all.map((one) => [one.path, one.name])} />
      <Select small fit aria-label="Comparison" value={operator} onChange={(event) => set_operator(event.currentTarget.value)} options={operators.map((one) => [one, operator_words[one]])} />
      <ValueInput field={field} operator={operator} text={text} set_text={set_text} id={id} />
      <Button small type="submit" kind="primary">Add</Button>
      <Button small kind="quiet" onClick={close}>Cancel</Button>
      {!field.is_indexed && <span class="muted small">No <code>x-index</code>: reads every row.</span>}
      {fault && <span class="bad small" role="alert">{fault}</span>}
    </form>
  );
}

const kind_of_choice = (field) => (typeof field.schema.enum[0] === "number" ? "number" : typeof field.schema.enum[0] === "boolean" ? "boolean" : "string");

function ValueInput({ field, operator, text, set_text, id }) {
  const common = { "aria-label": "Value", value: text, onInput: (event) => set_text(event.currentTarget.value) };
  if (operator === "exists") return <Select small fit aria-label="Value" value={text || "yes"} onChange={common.onInput} options={[["yes", "yes"], ["no", "no"]]} />;
  if (field.kind === "boolean") return <Select small fit aria-label="Value" value={text || "true"} onChange={common.onInput} options={["true", "false"]} />;
  if (field.kind === "choice" && operator !== "in" && operator !== "nin")
    return <Select small fit aria-label="Value" value={text || String(field.schema.enum[0])} onChange={common.onInput} options={field.schema.enum.map(String)} />;
  const type = operator === "in" || operator === "nin" ? "text"
    : field.kind === "number" || field.kind === "integer" ? "number" : field.kind === "date" ? "date" : field.kind === "time" ? "datetime-local" : "text";
  return <input id={id} class="input small grow-input" type={type} step="any" autoFocus placeholder={operator === "in" || operator === "nin" ? "values, separated by commas" : "value"} {...common} />;
}
