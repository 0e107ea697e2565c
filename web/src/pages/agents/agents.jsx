// /agents: all of them. /agents/SLUG: its configuration in both environments. Then threads, executions and tools.
import { api, items_of, path_of, with_parameters } from "../../api/client.js";
import { read_agents, read_history } from "../../api/agents.js";
import { current_environment, environment_name, environments } from "../../app/environment.js";
import { Missing } from "../../app/missing.jsx";
import { Link, page_path } from "../../app/router.jsx";
import { Badge, Card, Command, Empty, Failure, Known, Loading, Page, plural, SharedMark, Tabs, Time } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { EnvironmentIcon } from "../../kit/icons.jsx";
import { difference, Diff } from "../../kit/json.jsx";
import { useResource } from "../../kit/resource.js";
import { Executions } from "./executions.jsx";
import { Threads } from "./threads.jsx";

export function AgentsPage({ segments }) {
  const [slug, part, id] = segments;
  if (slug) return <AgentPage key={slug} slug={slug} part={part} id={id} />;
  return <AgentList />;
}

function AgentList() {
  const agents = useResource("agents", read_agents);
  return (
    <Page title="Agents" badges={<SharedMark />} lead={`An agent's name is shared; its prompt, model, tools and roles are those of each environment. Shown: ${current_environment()}.`}
      actions={<CopyAs call={{ path: "/v1/agents", cpp: "for (const Agent& agent : session.agents().list()) …;", cli: "agents list" }} />}>
      <Known of={agents}>
        {(list) => list.length === 0 ? (
          <Empty icon="agent" title="There are no agents yet"><p>An agent acts with roles of its own, and every call it makes is checked like anybody's.</p><Command>struere add agent tutor</Command></Empty>
        ) : (
          <div class="grid">
            {list.map((agent) => (
              <Link class="tile" key={agent.slug} to={page_path("agents", agent.slug)}>
                <span class="name">{agent.name || agent.slug}</span><span class="small muted">{agent.description}</span>
                <span class="facts">{agent.config ? <><Badge kind={agent.config.status === "active" ? "good" : ""}>{agent.config.status}</Badge><Badge>{agent.config.model}</Badge><Badge>version {agent.config.version}</Badge></> : <Badge kind="warn">not configured in {current_environment()}</Badge>}</span>
              </Link>
            ))}
          </div>
        )}
      </Known>
    </Page>
  );
}

function call_of(slug, part, id) {
  const agent = literal(slug);
  if (part === "threads" && id) return { path: path_of("threads", id, "messages"), cpp: `const MessagePage page = session.threads().messages(ThreadId(${literal(id)}));`, cli: `threads show ${quoted(id)}` };
  if (part === "threads") return { path: with_parameters("/v1/threads", { agent: slug }), cpp: `const ThreadPage page = session.threads().list({.agent = ${agent}});`, cli: `threads list --agent ${quoted(slug)}` };
  if (part === "executions") return { path: with_parameters("/v1/executions", { agent: slug }), cpp: `const ExecutionPage page = session.executions().list({.agent = ${agent}});`, cli: `executions list --agent ${quoted(slug)}` };
  if (part === "tools") return { path: path_of("agents", slug, "tools"), cpp: `const auto permissions = session.agents().tool_permissions(${agent});`, cli: "pull" };
  return { path: path_of("agents", slug, "config"), cpp: `const AgentConfig config = session.agents().config(${agent});`, cli: "agents list" };
}

function AgentPage({ slug, part = "", id }) {
  const agents = useResource("agents", read_agents);
  const agent = agents.data?.find((one) => one.slug === slug);
  const here = page_path("agents", slug);
  if (agents.data && !agent) return <Missing what="agent" name={slug} list="/agents" list_name="All agents">Agents are shared by both environments, so the other one does not have it either.</Missing>;
  return (
    <Page title={agent?.name || slug} crumbs={[["Agents", "/agents"]]} badges={<SharedMark />} lead={agent?.description}
      actions={<CopyAs call={call_of(slug, part, id)} />}>
      <Tabs label="Parts of the agent" tabs={[["Configuration", here], ["Threads", `${here}/threads`], ["Executions", `${here}/executions`], ["Tools", `${here}/tools`]]} />
      {agents.failure ? <Failure failure={agents.failure} again={agents.reload} /> : !agent ? <Loading /> : part === "threads" ? <Threads slug={slug} id={id} /> : part === "executions" ? <Executions slug={slug} /> : part === "tools" ? <Tools slug={slug} /> : <Configurations slug={slug} />}
    </Page>
  );
}

// Both environments side by side: the one page that reads the other environment, and marks it with its word and colour.
function Configurations({ slug }) {
  const both = useResource(`config ${slug}`, async (signal) => Object.fromEntries(await Promise.all(environments.map(async (environment) => [environment, await read_history(slug, environment, signal)]))));
  return (
    <Known of={both}>
      {(histories) => {
        const [development, production] = environments.map((environment) => histories[environment][0]);
        const compared = (config) => (config ? { model: config.model, status: config.status, tools: config.tools, roles: config.roles } : {});
        const changes = development && production ? difference(compared(production), compared(development)) : [];
        return (
          <div class="stack">
            {development && production && (
              <Card title="What a deploy would change"><Diff changes={changes} none="Model, status, tools and roles are the same in both." />
                {development.systemPrompt !== production.systemPrompt && <p class="small muted">The system prompt differs: see below.</p>}</Card>
            )}
            <div class="versus">
              {environments.map((environment) => <Configuration key={environment} environment={environment} history={histories[environment]} other={histories[environment === "production" ? "development" : "production"][0]} />)}
            </div>
          </div>
        );
      }}
    </Known>
  );
}

function Configuration({ environment, history, other }) {
  const [config] = history;
  return (
    <section class="card">
      <header><Badge kind={environment}><EnvironmentIcon environment={environment} />{environment_name[environment]}</Badge>{config && <span class="muted small push">version {config.version} · <Time ms={config.createdAt} /></span>}</header>
      {!config ? <Empty icon="agent" title={`Not configured in ${environment}`}><p>{environment === "production" ? "A deploy brings what development has." : "Write its file, then struere sync."}</p></Empty> : (
        <>
          <dl class="lines">
            <dt>status</dt><dd><Badge kind={config.status === "active" ? "good" : ""}>{config.status}</Badge></dd>
            <dt>model</dt><dd class="mono">{config.model}</dd>
            <dt>tools</dt><dd class="row wrap">{config.tools.map((tool) => <Badge key={tool}>{tool}</Badge>)}{config.tools.length === 0 && <span class="muted">none</span>}</dd>
            <dt>roles</dt><dd class="row wrap">{config.roles.map((role) => <Badge key={role}>{role}</Badge>)}{config.roles.length === 0 && <span class="muted">none</span>}</dd>
          </dl>
          <PromptText text={config.systemPrompt ?? ""} other={other?.systemPrompt} />
          {history.length > 1 && <footer><details><summary class="small muted">{plural(history.length - 1, "earlier version")}</summary><ul class="stack tight">{history.slice(1).map((old) => <li class="row small" key={old.version}><Badge>version {old.version}</Badge>{old.model}<span class="push muted">{old.createdBy} <Time ms={old.createdAt} /></span></li>)}</ul></details></footer>}
        </>
      )}
    </section>
  );
}

// Lines that the other environment's prompt does not have are marked.
function PromptText({ text, other }) {
  const others = new Set((other ?? text).split("\n"));
  return <pre class="prompt" tabIndex={0} aria-label="System prompt">{text.split("\n").map((line, i) => <span key={i} class={others.has(line) ? "" : "come"}>{line}{"\n"}</span>)}</pre>;
}

function Tools({ slug }) {
  const tools = useResource(`tools ${slug}`, async (signal) => items_of(await api.get(path_of("agents", slug, "tools"), { signal })));
  return (
    <div class="stack">
      <div class="row wrap"><SharedMark /><span class="muted">As whom each tool acts, and what it may not do. A permission only narrows; the environment is always the caller's.</span></div>
      <Known of={tools}>
        {(list) => list.length === 0 ? <Empty icon="agent" title="No tool is narrowed"><p>A tool without a permission acts exactly as its caller.</p></Empty> : (
          <div class="table-box" tabIndex={0} role="region" aria-label="Tools">
            <table class="loose">
              <thead><tr><th scope="col">tool</th><th scope="col">acts as</th><th scope="col">only these actions</th><th scope="col">never these fields</th></tr></thead>
              <tbody>{list.map((tool) => (
                <tr key={tool.tool}>
                  <td class="strong">{tool.tool}</td>
                  <td>{tool.identity === "inherit" ? "its caller" : tool.identity === "system" ? <Badge kind="warn">the system of the environment</Badge> : <>its caller with only <Link to={page_path("access", "roles", tool.role ?? "")}>{tool.role}</Link></>}</td>
                  <td>{tool.allowedActions ? <span class="row wrap">{tool.allowedActions.map((action) => <Badge key={action}>{action}</Badge>)}</span> : <span class="muted">all that it may do</span>}</td>
                  <td>{(tool.deniedFields ?? []).length > 0 ? <span class="row wrap">{tool.deniedFields.map((field) => <Badge kind="see" icon="hidden" key={field}>{field}</Badge>)}</span> : <span class="muted">none</span>}</td>
                </tr>
              ))}</tbody>
            </table>
          </div>
        )}
      </Known>
    </div>
  );
}
