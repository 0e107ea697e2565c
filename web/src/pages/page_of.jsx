// From the address to the page.
import { Empty } from "../kit/basic.jsx";
import { Link } from "../app/router.jsx";
import { AccessPage } from "./access/access.jsx";
import { AgentsPage } from "./agents/agents.jsx";
import { AuditPage } from "./audit/audit.jsx";
import { AutomationPage } from "./automation.jsx";
import { DataPage } from "./data/data.jsx";
import { HealthPage } from "./health.jsx";
import { PacksPage } from "./packs.jsx";
import { ReleasesPage } from "./releases.jsx";
import { ViewAsPage } from "./view_as/view_as.jsx";

const pages = {
  data: DataPage,
  "view-as": ViewAsPage,
  access: AccessPage,
  audit: AuditPage,
  releases: ReleasesPage,
  agents: AgentsPage,
  automation: AutomationPage,
  packs: PacksPage,
  health: HealthPage,
};

export function PageOf({ route }) {
  const [section = "data", ...rest] = route.segments;
  const Section = Object.hasOwn(pages, section) ? pages[section] : null;
  if (!Section) {
    return <Empty is_page title="There is no such page"><p>The address <code>/{route.segments.join("/")}</code> leads nowhere.</p><Link to="/data">Go to the data</Link></Empty>;
  }
  return <Section segments={rest} parameters={route.parameters} />;
}
