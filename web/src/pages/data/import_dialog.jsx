// Rows from a file of NDJSON: each line is the `data` of one row, as the export writes it.
import { useId, useState } from "preact/hooks";
import { api, path_of } from "../../api/client.js";
import { environment_name, current_environment } from "../../app/environment.js";
import { Button, Failure, Field } from "../../kit/basic.jsx";
import { Dialog } from "../../kit/dialog.jsx";
import { useAction } from "../../kit/resource.js";
import { toast } from "../../kit/toast.jsx";

export function ImportDialog({ type, close, done }) {
  const [text, set_text] = useState("");
  const id = useId();
  const lines = text.split("\n").filter((line) => line.trim() !== "").length;
  const action = useAction(async () => {
    const answer = await api.lines(path_of("entities", type.slug, "import"), text);
    toast(`Imported ${answer.imported} rows into ${environment_name[current_environment()]}`, "good");
    done();
    close();
    return true;
  });
  return (
    <Dialog title={`Import ${type.slug}`} close={close} submit={action.run} actions={<>
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" kind="primary" disabled={lines === 0 || action.is_busy}>Import {lines || ""} into {current_environment()}</Button>
    </>}>
      <Field id={`${id}-file`} label="A file">
        <input id={`${id}-file`} class="input" type="file" accept=".jsonl,.ndjson,.json" onChange={async (event) => {
          const file = event.currentTarget.files[0];
          if (file) set_text(await file.text());
        }} />
      </Field>
      <Field id={id} label="Or the lines themselves" hint="One row a line, as JSON. The first mistake is named by its line.">
        <textarea id={id} class="area mono" rows={8} spellCheck={false} value={text} onInput={(event) => set_text(event.currentTarget.value)} />
      </Field>
      {action.failure?.index !== undefined && <p class="bad">Line {action.failure.index + 1} was refused.</p>}
      <Failure failure={action.failure} />
    </Dialog>
  );
}
