// "Copy as": what the page shows, as a call of the API, of the C++ library and of the command.
import { useState } from "preact/hooks";
import { current_environment } from "../app/environment.js";
import { Button, copy_text } from "./basic.jsx";
import { Dialog } from "./dialog.jsx";

// A word of a POSIX shell.
export const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${String(text).replaceAll("'", "'\\''")}'`);
// A C++ string literal; a raw one keeps JSON readable.
export const literal = (text) => (/["\\\n]/.test(text) ? `R"json(${text})json"` : `"${text}"`);

function curl_of({ method = "GET", path, body, view_as, if_match }) {
  const parts = ["curl"];
  if (method !== "GET") parts.push(`-X ${method}`);
  parts.push(quoted(location.origin + path));
  const lines = [parts.join(" "), `-H "Authorization: Bearer $STRUERE_KEY"`];
  if (view_as) lines.push(`-H ${quoted(`Struere-View-As: ${view_as}`)}`);
  if (if_match !== undefined) lines.push(`-H ${quoted(`If-Match: "${if_match}"`)}`);
  if (body !== undefined) lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`);
  return lines.join(" \\\n  ");
}

const cli_of = (cli) => `struere ${cli} -e ${current_environment()}`;

export function CopyAs({ call }) {
  const [is_open, set_open] = useState(false);
  return (
    <>
      <Button icon="code" onClick={() => set_open(true)} label="Copy as curl, C++ or CLI">Copy as</Button>
      {is_open && (
        <Dialog title="Copy as" kind="wide" close={() => set_open(false)}>
          <Snippet title="curl" note={`$STRUERE_KEY is an API key of ${current_environment()}: the key decides the environment, so the address names none.`} text={curl_of(call)} />
          {call.cpp && <Snippet title="C++" note="With a Session of the environment, from Database::authenticate." text={call.cpp} />}
          {call.cli && <Snippet title="CLI" note="In the folder with struere.yaml." text={call.cli.startsWith("struere") ? call.cli : cli_of(call.cli)} />}
        </Dialog>
      )}
    </>
  );
}

export function Snippet({ title, note, text }) {
  return (
    <section class="stack tight">
      <h3>{title}</h3>
      <div class="snippet">
        <pre tabIndex={0} aria-label={title}>{text}</pre>
        <Button kind="quiet" small icon="copy" label={`Copy ${title}`} onClick={() => copy_text(text)} />
      </div>
      {note && <p class="small muted">{note}</p>}
    </section>
  );
}
