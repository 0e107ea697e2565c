// Reads from the server and keeps the answer while its key stays the same.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem.js";

// `key` says what is read; null reads nothing. The old answer stays in sight while the same thing is read again, and
// while a part of the key after `|` differs (another page of the same list). A page is made anew for each environment,
// so an answer never outlives its environment.
export function useResource(key, read) {
  const [state, set_state] = useState({ key: undefined, data: undefined, failure: undefined });
  const [round, set_round] = useState(0);
  const reader = useRef(read);
  reader.current = read;
  useEffect(() => {
    if (key === null) return undefined;
    const control = new AbortController();
    let is_current = true;
    reader.current(control.signal).then(
      (data) => is_current && set_state({ key, data, failure: undefined }),
      (failure) => {
        if (!is_current || failure.name === "AbortError") return;
        if (!(failure instanceof Problem) && !failure.is_expected) console.error(failure);
        set_state({ key, data: undefined, failure });
      },
    );
    return () => {
      is_current = false;
      control.abort();
    };
  }, [key, round]);
  const reload = useCallback(() => set_round((n) => n + 1), []);
  const is_known = state.key === key || (state.key !== undefined && same_list(state.key, key));
  return {
    data: is_known ? state.data : undefined,
    failure: is_known ? state.failure : undefined,
    is_loading: key !== null && state.key !== key,
    reload,
  };
}

const same_list = (a, b) => typeof b === "string" && a.includes("|") && a.split("|")[0] === b.split("|")[0];

// Runs an action of a button: one at a time, with its failure for the dialog to show.
export function useAction(action) {
  const [state, set_state] = useState({ is_busy: false, failure: undefined });
  const run = async (...given) => {
    set_state({ is_busy: true, failure: undefined });
    try {
      const result = await action(...given);
      set_state({ is_busy: false, failure: undefined });
      return result;
    } catch (failure) {
      if (!(failure instanceof Problem) && !failure.is_expected) console.error(failure);
      set_state({ is_busy: false, failure });
      return undefined;
    }
  };
  return { run, ...state, clear: () => set_state({ is_busy: false, failure: undefined }) };
}
