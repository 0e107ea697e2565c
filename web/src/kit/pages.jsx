// Long lists: pages whose cursor is in the address, and lists that grow by a button.
import { useRef, useState } from "preact/hooks";
import { api, items_of } from "../api/client.js";
import { useKeys } from "../app/keyboard.js";
import { read_location, set_parameters } from "../app/router.jsx";
import { Button } from "./basic.jsx";
import { useAction, useResource } from "./resource.js";

// One page of `list`, which names what is asked, read by `read(cursor, signal)`. The cursors of the pages before it are
// remembered while the list stays the same.
export function usePages(list, read) {
  const { cursor } = read_location().parameters;
  const earlier = useRef({ list, cursors: [] });
  if (earlier.current.list !== list) earlier.current = { list, cursors: [] };
  const page = useResource(`${list}|${cursor ?? ""}`, (signal) => read(cursor, signal));
  return {
    page,
    pager: {
      cursor: page.data?.cursor,
      is_first: !cursor,
      to_first: () => set_parameters({ cursor: undefined }),
      to_next: () => {
        earlier.current.cursors.push(cursor);
        set_parameters({ cursor: page.data.cursor });
      },
      to_previous: () => set_parameters({ cursor: earlier.current.cursors.pop() }),
    },
  };
}

// The same of a list that a GET answers.
export const usePagesOf = (path, parameters = {}) =>
  usePages(`${path} ${JSON.stringify(parameters)}`, (cursor, signal) => api.get(path, { signal, parameters: { ...parameters, cursor } }));

export function Pager({ shown, cursor, is_first, to_first, to_next, to_previous, children }) {
  useKeys({ "]": () => cursor && to_next(), "[": () => !is_first && to_previous() });
  return (
    <div class="pager">
      <span>{shown}</span>{children}
      {(cursor || !is_first) && <span class="row push">
        {!is_first && <Button small kind="quiet" onClick={to_first}>First page</Button>}
        <Button small disabled={is_first} onClick={to_previous}>Previous</Button>
        <Button small disabled={!cursor} onClick={to_next}>Next</Button>
      </span>}
    </div>
  );
}

// The first page of a list, and what is added to it by `more`, which is undefined once all of it is there.
export function useGrowingList(path, parameters) {
  const read = (cursor, signal) => api.get(path, { signal, parameters: { ...parameters, cursor } });
  const first = useResource(`${path} ${JSON.stringify(parameters)}`, (signal) => read(undefined, signal));
  const [later, set_later] = useState({ of: null, items: [], cursor: undefined });
  const is_grown = later.of === first.data;
  const cursor = is_grown ? later.cursor : first.data?.cursor;
  const action = useAction(async () => {
    const page = await read(cursor);
    set_later({ of: first.data, items: [...(is_grown ? later.items : []), ...items_of(page)], cursor: page.cursor });
    return true;
  });
  return { first, items: [...items_of(first.data), ...(is_grown ? later.items : [])], more: cursor && action.run, is_busy: action.is_busy };
}
