// The Idempotency-Key of an open dialog: the same one as long as the same is sent, so that pressing the button again after
// a lost answer carries nothing out twice.
import { useRef } from "preact/hooks";

export function useOnce() {
  const state = useRef({ content: undefined, key: undefined });
  return {
    key_of(content) {
      if (state.current.content !== content) state.current = { content, key: crypto.randomUUID() };
      return state.current.key;
    },
    // The server said no: what is sent next is another request.
    refused(failure) {
      if (failure.status >= 400 && failure.status < 500 && failure.status !== 409 && failure.status !== 429) state.current = {};
    },
  };
}
