// Makes or changes a row. A change is sent as a patch with the version that was read: if somebody else was quicker, the
// dialog shows both changes and writes nothing until one is chosen.
import { useEffect, useId, useState } from "preact/hooks";
import { api, path_of } from "../../api/client.js";
import { Problem, words_of } from "../../api/problem.js";
import { current_environment, environment_name, in_environment } from "../../app/environment.js";
import { guard_leaving } from "../../app/router.jsx";
import { Badge, Button, Failure, Field } from "../../kit/basic.jsx";
import { Dialog } from "../../kit/dialog.jsx";
import { JsonEditor, useJsonText } from "../../kit/editor.jsx";
import { useIsHere } from "../../kit/here.js";
import { Diff, difference, is_object, nulls_removed, patch_between, patched, rounded_in, same } from "../../kit/json.jsx";
import { useOnce } from "../../kit/once.js";
import { useAction } from "../../kit/resource.js";
import { blank_of, fields_of } from "../../kit/schema.js";
import { toast } from "../../kit/toast.jsx";
import { FieldForm } from "./field_form.jsx";

export function EditDialog({ type, row, close, saved }) {
  const [base, set_base] = useState(row ?? { data: blank_of(type.schema), status: "active" });
  const [newer, set_newer] = useState(null);
  const [is_form, set_form] = useState(false);
  const [status, set_status] = useState(base.status ?? "");
  const editor = useJsonText(base.data, type.is_unknown ? undefined : type.schema);
  const id = useId();
  const is_changed = Boolean(editor.fault) || !same(editor.value, base.data) || status !== (base.status ?? "");
  const environment = current_environment();
  const is_here = useIsHere();
  const once = useOnce();
  const may_leave = (question) => {
    if (action.is_busy) toast(in_environment("The row is being saved", environment));
    return action.is_busy || !is_changed || confirm(question);
  };
  const leave = () => {
    if (may_leave("Close without saving the row?")) close();
  };
  const patch = row && is_object(editor.value) ? patch_between(base.data, editor.value) : undefined;
  const nulls = patch ? nulls_removed(patch, editor.value) : [];
  const rounded = rounded_in(patch ?? editor.value);
  const may_save = editor.is_valid && rounded.length === 0;
  const changed_status = status !== (base.status ?? "") ? status : undefined;
  const action = useAction(async () => {
    const path = row ? path_of("entities", type.slug, row.id) : path_of("entities", type.slug);
    const body = { data: patch ?? editor.value, status: changed_status };
    try {
      const answer = row ? await api.patch(path, body, { if_match: base.version, environment })
        : await api.post(path, body, { once: once.key_of(JSON.stringify(body)), environment });
      toast(in_environment(row ? "Saved" : "Created", environment), "good");
      if (is_here()) {
        guard_leaving(null)();
        close();
        saved(answer);
      } else if (row) saved(answer);  // a row that is still shown is read again
    } catch (failure) {
      once.refused(failure);
      if (!is_here()) toast(`${in_environment(row ? "Not saved" : "Not created", environment)}: ${words_of(failure)}`, "bad");
      if (row && failure.is_missing) throw new Problem({ status: 404, code: failure.code, detail: "This row was deleted while you edited it, or you may no longer see it. Nothing was written." });
      if (!row || !failure.is_stale) throw failure;
      set_newer(await api.get(path, { environment }));
    }
    return true;
  });
  useEffect(() => guard_leaving(() => may_leave("Leave without saving the row?")), [is_changed, action.is_busy]);
  const merge = () => {
    const mine = patch_between(base.data, editor.value);
    editor.set_text(JSON.stringify(patched(newer.data, mine), null, 2));
    set_base(newer);
    set_newer(null);
  };
  const take_theirs = () => {
    editor.set_text(JSON.stringify(newer.data, null, 2));
    set_status(newer.status ?? "");
    set_base(newer);
    set_newer(null);
  };
  const title = row ? `Edit ${type.slug}` : `New ${type.slug}`;
  return (
    <Dialog title={title} kind="wide" close={leave} submit={() => may_save && !newer && !action.is_busy && action.run()}
      badges={<Badge kind={current_environment()}>{environment_name[current_environment()]}</Badge>}
      actions={newer ? null : <>
        {row && <span class="muted small push">version {base.version}</span>}
        <Button onClick={leave}>Cancel</Button>
        <Button type="submit" kind="primary" disabled={!may_save || action.is_busy || (row && !is_changed)}>{row ? "Save" : "Create"}</Button>
      </>}>
      {newer ? (
        <Conflict base={base} mine={editor.value} newer={newer} merge={merge} take_theirs={take_theirs} />
      ) : (
        <div class="stack">
          {fields_of(type).length > 0 && (
            <div class="row" role="group" aria-label="Edit as">
              <Button small pressed={!is_form} onClick={() => set_form(false)}>JSON</Button>
              <Button small pressed={is_form} onClick={() => set_form(true)}>Form</Button>
            </div>
          )}
          {is_form ? <FieldForm type={type} of={editor} /> : <><JsonEditor of={editor} label={`The data of ${type.slug}`} rows={20} /><SchemaHints type={type} /></>}
          <Field id={id} label="Status">
            <input id={id} class="input mono" value={status} placeholder="active" onInput={(event) => set_status(event.currentTarget.value)} />
          </Field>
          {nulls.length > 0 && <div class="callout warn" role="status"><div class="words"><b>Saving removes {nulls.join(", ")}.</b> A change that sets a field to null removes it; null itself is stored only by a new row.</div></div>}
          {rounded.length > 0 && <div class="callout bad" role="alert"><div class="words"><b>{rounded.join(", ")} cannot be saved here.</b> A browser rounds integers over 2<sup>53</sup>. Change this field with <code>struere data update</code> or the API.</div></div>}
          <Failure failure={action.failure} />
        </div>
      )}
    </Dialog>
  );
}

function SchemaHints({ type }) {
  const fields = fields_of(type);
  if (fields.length === 0) return null;
  return (
    <details>
      <summary class="small muted">Fields of the schema</summary>
      <dl class="lines small">
        {fields.map((field) => [
          <dt key={field.path}>{field.name}{field.is_required ? " *" : ""}</dt>,
          <dd key={field.path + "="}>{field.references ? `id of a ${field.references}` : field.kind === "choice" ? field.schema.enum.map((one) => JSON.stringify(one)).join(" | ") : field.kind}
            {field.schema.description ? `: ${field.schema.description}` : ""}</dd>,
        ])}
      </dl>
    </details>
  );
}

function Conflict({ base, mine, newer, merge, take_theirs }) {
  const my_changes = difference(base.data, mine);
  const their_changes = difference(base.data, newer.data);
  const both = my_changes.filter((change) => their_changes.some((other) => other.path === change.path));
  return (
    <div class="stack">
      <div class="callout warn" role="alert">
        <div class="words">
          <b>Somebody else changed this row while you edited it.</b> You began with version {base.version}; it now has version {newer.version}.
          Nothing was written. {both.length > 0 ? `Both of you changed ${both.map((change) => change.path).join(", ")}.` : "You changed different fields."}
        </div>
      </div>
      <div class="versus">
        <section class="stack tight"><h3>Your changes</h3><Diff changes={my_changes} none="You changed no field." /></section>
        <section class="stack tight"><h3>Their changes</h3><Diff changes={their_changes} none="Only the status or the version." /></section>
      </div>
      <div class="row wrap">
        <Button kind="primary" onClick={merge}>Put my changes on top of theirs</Button>
        <Button onClick={take_theirs}>Take theirs, drop mine</Button>
      </div>
    </div>
  );
}
