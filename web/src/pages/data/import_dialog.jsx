// Rows from a file of NDJSON: each line is the `data` of one row, as the export writes it. The page divides the lines into
// batches, each of which is written as a whole or not at all, so that it can say what is written and go on from there.
import { useId, useState } from "preact/hooks";
import { api, path_of } from "../../api/client.js";
import { Problem, words_of } from "../../api/problem.js";
import { environment_name, current_environment } from "../../app/environment.js";
import { Button, Failure, Field, plural } from "../../kit/basic.jsx";
import { Dialog } from "../../kit/dialog.jsx";
import { useIsHere } from "../../kit/here.js";
import { useOnce } from "../../kit/once.js";
import { useAction } from "../../kit/resource.js";
import { toast } from "../../kit/toast.jsx";

// What the server writes in one transaction.
const most_rows = 1000;
const most_bytes = 8 << 20;

const bytes_of = (text) => new TextEncoder().encode(text).length;

// The next lines with something in them: [{line, number}]. `from` counts all lines.
function batch_of(lines, from) {
  const batch = [];
  let bytes = 0;
  for (let at = from; at < lines.length && batch.length < most_rows; ++at) {
    if (lines[at].trim() === "") continue;
    bytes += bytes_of(lines[at]);
    if (batch.length > 0 && bytes > most_bytes) break;
    batch.push({ line: lines[at], number: at + 1 });
  }
  return batch;
}

// The server counts the lines of a batch; a person counts those of the file.
function in_file(failure, batch) {
  if (failure.index === undefined) return failure;
  const { number } = batch[failure.index] ?? batch.at(-1);
  const detail = failure.message.replace(/^line \d+: /, "").replace(/ \(\d+ entities were imported before its batch\)$/, "");
  return new Problem({ status: failure.status, code: failure.code, path: failure.path, index: number - 1, detail: `Line ${number} was refused: ${detail}` });
}

const nothing_written = { rows: 0, lines: 0, text: "" };

export function ImportDialog({ type, close, done }) {
  const [text, set_text] = useState("");
  const [written, set_written] = useState(nothing_written);
  const environment = current_environment();
  const id = useId();
  const is_here = useIsHere();
  const once = useOnce();
  const lines = text.split("\n");
  // The lines that are written are left out as long as they stand there as they were.
  const is_begun = written.lines > 0 && `${text}\n`.startsWith(`${written.text}\n`);
  const from = is_begun ? written.lines : 0;
  const left = lines.slice(from).filter((line) => line.trim() !== "").length;
  const next = batch_of(lines, from)[0]?.number;
  const action = useAction(async () => {
    let now = is_begun ? written : nothing_written;
    for (let batch = batch_of(lines, from); batch.length > 0; batch = batch_of(lines, now.lines)) {
      const content = batch.map(({ line }) => line).join("\n");
      try {
        await api.lines(path_of("entities", type.slug, "import"), content, { environment, once: once.key_of(content) });
      } catch (failure) {
        once.refused(failure);
        if (now.rows > 0) done();
        const problem = in_file(failure, batch);
        if (!is_here()) toast(`The import into ${environment_name[environment]} ended after ${plural(now.rows, "row")}: ${words_of(problem)}`, "bad");
        throw problem;
      }
      const count = batch.at(-1).number;
      now = { rows: now.rows + batch.length, lines: count, text: lines.slice(0, count).join("\n") };
      set_written(now);
    }
    toast(`Imported ${plural(now.rows, "row")} into ${environment_name[environment]}`, "good");
    done();
    if (is_here()) close();
    return true;
  });
  const verb = is_begun ? `Continue from line ${next} into ${environment}` : `Import ${left || ""} into ${environment}`;
  return (
    <Dialog title={`Import ${type.slug}`} close={close} submit={() => left > 0 && !action.is_busy && action.run()} actions={<>
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" kind="primary" disabled={left === 0 || action.is_busy}>{verb}</Button>
    </>}>
      <Field id={`${id}-file`} label="A file">
        <input id={`${id}-file`} class="input" type="file" accept=".jsonl,.ndjson,.json" disabled={action.is_busy} onChange={async (event) => {
          const file = event.currentTarget.files[0];
          if (file) set_text(await file.text());
        }} />
      </Field>
      <Field id={id} label="Or the lines themselves" hint="One row a line, as JSON. The first mistake is named by its line.">
        <textarea id={id} class="area mono" rows={8} spellCheck={false} value={text} disabled={action.is_busy} onInput={(event) => set_text(event.currentTarget.value)} />
      </Field>
      <Failure failure={action.failure} />
      {!action.is_busy && written.rows > 0 && (
        <div class="callout warn" role="status"><div class="words">{is_begun && next
          ? <><b>{plural(written.rows, "row")} {written.rows === 1 ? "is" : "are"} written; continue from line {next}.</b> {action.failure?.status >= 400 && action.failure.status < 500 ? "The lines from there on wrote nothing." : "Whether the lines after it are written is not known; the same lines are not written twice."}</>
          : <>{plural(written.rows, "row")} {written.rows === 1 ? "is" : "are"} written, and their lines have changed here since: the button writes all lines as new rows.</>}</div></div>
      )}
      {action.is_busy && written.rows > 0 && <p class="muted small" role="status">{plural(written.rows, "row")} written</p>}
    </Dialog>
  );
}
