// Server-sent events by fetch: EventSource tells neither the status of a refusal nor when it tries again.
import { with_parameters } from "./client.js";
import { current_environment } from "../app/environment.js";

// Calls `take(event)` for each event and `tell(state)` with "live", "waiting" or "failed". Resumes after the last event
// that it took. Returns the function that ends it.
export function follow_events(parameters, take, tell) {
  const control = new AbortController();
  let last_id;
  let pause = 1000;
  const read = async () => {
    const headers = { Accept: "text/event-stream" };
    if (last_id) headers["Last-Event-ID"] = last_id;
    const address = with_parameters("/v1/events/stream", { ...parameters, environment: current_environment() });
    const response = await fetch(address, { headers, signal: control.signal, credentials: "same-origin", cache: "no-store" });
    if (!response.ok) throw Object.assign(new Error("refused"), { is_final: response.status < 500 && response.status !== 429 });
    tell("live");
    pause = 1000;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) read_block(block);
    }
  };
  const read_block = (block) => {
    const data = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) last_id = line.slice(4);
      if (line.startsWith("data: ")) data.push(line.slice(6));
    }
    if (data.length > 0) take(JSON.parse(data.join("\n")));
  };
  (async () => {
    while (!control.signal.aborted) {
      try {
        await read();
      } catch (failure) {
        if (control.signal.aborted) return;
        if (failure.is_final) return tell("failed");
      }
      tell("waiting");
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 30_000);
    }
  })();
  return () => control.abort();
}
