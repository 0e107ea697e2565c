// A JSON editor on a textarea: line numbers, the place of a mistake, and the schema's words below.
import { useId, useMemo, useRef, useState } from "preact/hooks";
import { faults_of } from "./schema.js";

export function read_json(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (fault) {
    const at = /line (\d+)/.exec(fault.message)?.[1] ?? line_at(text, /position (\d+)/.exec(fault.message)?.[1]);
    return { fault: fault.message.replace(/^JSON\.parse: /, ""), line: Number(at ?? text.split("\n").length) };
  }
}

const line_at = (text, position) => (position === undefined ? undefined : text.slice(0, Number(position)).split("\n").length);

// The line of a field, found by its last name; for the mark in the gutter.
function line_of(text, path) {
  const name = path.replace(/\[\d+\]/g, "").split(".").pop();
  const index = text.split("\n").findIndex((line) => line.includes(`${JSON.stringify(name)}:`));
  return index < 0 ? undefined : index + 1;
}

export function useJsonText(initial, schema) {
  const [text, set_text] = useState(() => JSON.stringify(initial, null, 2));
  const read = useMemo(() => read_json(text), [text]);
  const faults = useMemo(() => (read.fault ? [] : faults_of(read.value, schema ?? {})), [read, schema]);
  return { text, set_text, ...read, faults, is_valid: !read.fault && faults.length === 0, has_schema: schema !== undefined };
}

// The first thing of its dialog that has the focus.
export function JsonEditor({ of, label, rows = 16 }) {
  const gutter = useRef();
  const id = useId();
  const lines = of.text.split("\n").length;
  const marks = new Set([of.fault && of.line, ...of.faults.map((fault) => line_of(of.text, fault.path))]);
  const on_key = (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.altKey) return;
    const area = event.currentTarget;
    event.preventDefault();
    area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
    of.set_text(area.value);
  };
  return (
    <div class="stack tight">
      <div class="editor">
        <div class="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <span key={i} class={marks.has(i + 1) ? "marked" : ""}>{marks.has(i + 1) ? "▸ " : ""}{i + 1}{"\n"}</span>
          ))}
        </div>
        <textarea autoFocus aria-label={label} aria-describedby={id} aria-invalid={!of.is_valid} spellCheck={false} rows={Math.min(rows, Math.max(8, lines + 1))}
          value={of.text} onInput={(event) => of.set_text(event.currentTarget.value)} onKeyDown={on_key}
          onScroll={(event) => { gutter.current.scrollTop = event.currentTarget.scrollTop; }} />
      </div>
      <div id={id} class="small" aria-live="polite">
        {of.fault ? <span class="bad">Line {of.line}: {of.fault}</span>
          : of.faults.length > 0 ? (
            <ul class="bad">{of.faults.map((fault) => <li key={fault.path + fault.message}><code>{fault.path || "the object"}</code> {fault.message}</li>)}</ul>
          ) : <span class="muted">The JSON is well formed{of.has_schema ? " and agrees with the schema" : "; the schema cannot be read here, so the server checks it"}. Shift+Tab leaves the editor.</span>}
      </div>
    </div>
  );
}
