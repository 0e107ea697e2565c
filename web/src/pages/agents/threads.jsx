// Conversations of an agent in this environment.
import { items_of, path_of } from "../../api/client.js";
import { Missing } from "../../app/missing.jsx";
import { Link, page_path } from "../../app/router.jsx";
import { Badge, Button, Empty, Known, plural, Time } from "../../kit/basic.jsx";
import { JsonView } from "../../kit/json.jsx";
import { Pager, useGrowingList, usePagesOf } from "../../kit/pages.jsx";
import { short_id } from "../../kit/rows.jsx";

export function Threads({ slug, id }) {
  if (id) return <Thread key={id} slug={slug} id={id} />;
  return <ThreadList slug={slug} />;
}

function ThreadList({ slug }) {
  const { page: threads, pager } = usePagesOf("/v1/threads", { agent: slug });
  const list = items_of(threads.data);
  return (
    <Known of={threads}>
      {() => list.length === 0 ? <Empty icon="agent" title="There is no thread here yet"><p>A thread is made with the first message, in the environment of the request.</p></Empty> : (
        <><div class="table-box" tabIndex={0} role="region" aria-label="Threads">
          <table>
            <thead><tr><th scope="col">thread</th><th scope="col">title</th><th scope="col">external id</th><th scope="col">with</th><th scope="col" class="number">messages</th><th scope="col">begun</th></tr></thead>
            <tbody>{list.map((thread) => (
              <tr key={thread.id}><td><Link class="identifier" to={page_path("agents", slug, "threads", thread.id)}>{short_id(thread.id)}</Link></td><td class="clip">{thread.title}</td><td class="mono small">{thread.externalId ?? "–"}</td>
                <td>{thread.startedByType} <span class="mono small">{thread.startedBy}</span></td><td class="number">{thread.messages}</td><td><Time ms={thread.createdAt} /></td></tr>
            ))}</tbody>
          </table>
        </div>
        <Pager shown={plural(list.length, "thread")} {...pager} /></>
      )}
    </Known>
  );
}

function Thread({ slug, id }) {
  const { first: messages, items, more, is_busy } = useGrowingList(path_of("threads", id, "messages"), { limit: 200 });
  const list = items.toReversed();
  if (messages.failure?.is_missing) return <Missing is_part what="thread" name={short_id(id)} list={page_path("agents", slug, "threads")} list_name="All threads" />;
  return (
    <Known of={messages}>
      {() => (
        <div class="stack" role="log" aria-label="Messages">
          {more && <Button small disabled={is_busy} onClick={more}>Earlier messages</Button>}
          {list.map((message) => (
            <div class="message" data-role={message.role} key={message.id}>
              <div class="row small muted"><b>{message.role}</b><span class="push"><Time ms={message.createdAt} /></span></div>
              {typeof message.content === "string" ? message.content : message.content !== undefined && <JsonView value={message.content} />}
              {[message.toolCalls ?? []].flat().map((call, i) => <details key={i}><summary><Badge icon="agent">{call?.name ?? call?.tool ?? "tool call"}</Badge></summary><JsonView value={call} /></details>)}
            </div>
          ))}
          {list.length === 0 && <Empty title="The thread has no messages" />}
        </div>
      )}
    </Known>
  );
}
