// A project with two environments, made by the `struere` command, and its server.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env.STRUERE_PROGRAM ?? "struere";

// Text that would run, break out of an attribute or turn the reading direction, for every place that shows stored text.
export const hostile = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>"'\`\${window.hurt=1}\u202e`;

const text = { type: "string" };
const types = {
  teacher: {
    slug: "teacher", name: "Teacher", boundToRole: "teacher", searchFields: ["name"],
    schema: { type: "object", required: ["name"], properties: { name: text, userId: text, hourlyRate: { type: "number" }, subjects: { type: "array", items: text } } },
  },
  session: {
    slug: "session", name: "Session", searchFields: ["subject", "notes"], unique: [["code"]],
    schema: {
      type: "object", required: ["subject", "teacherId"], properties: {
        subject: text, teacherId: { type: "string", references: "teacher" }, startsAt: { type: "string", format: "date-time" },
        minutes: { type: "integer", minimum: 15 }, state: { enum: ["scheduled", "completed", "cancelled"], "x-index": true },
        price: { type: "number" }, paymentId: text, online: { type: "boolean" }, notes: text, code: text,
      },
    },
  },
  payment: { slug: "payment", name: "Payment", schema: { type: "object", properties: { amount: { type: "number" }, card: text } } },
};

const allow = (resource, ...actions) => ({ resource, actions, effect: "allow" });
const roles = {
  teacher: {
    name: "teacher",
    policies: [allow("session", "list", "read", "update"), allow("teacher", "list", "read")],
    scopeRules: [{ entityType: "session", field: "data.teacherId", operator: "eq", value: "actor.entityId" }],
    fieldMasks: [
      { entityType: "session", fieldPath: "data.paymentId", maskType: "redact", maskConfig: { keepLast: 4 } },
      { entityType: "session", fieldPath: "data.price", maskType: "hide" },
    ],
  },
  planner: {
    name: "planner",
    policies: [allow("session", "create", "read", "update", "delete", "list"), allow("teacher", "list", "read"), { resource: "payment", actions: ["delete"], effect: "deny" }, allow("payment", "list", "read", "delete")],
    scopeRules: [{ entityType: "session", field: "data.state", operator: "neq", value: "cancelled" }],
    fieldMasks: [{ entityType: "payment", fieldPath: "data.card", maskType: "redact", maskConfig: { keepLast: 4 } }],
  },
};

const agent = (prompt, model) => ({ slug: "tutor", name: "Tutor", description: "Answers pupils between lessons", model, systemPrompt: prompt, tools: ["send-mail"], roles: ["teacher"] });
const tool = { name: "send-mail", agents: { tutor: { identity: "configured", role: "teacher", allowedActions: ["read"], deniedFields: ["data.card"] } } };
const trigger = { slug: "welcome", on: { entityType: "session", action: "created" }, actions: [{ tool: "event.emit", args: { type: "session.welcomed", entityId: "{{trigger.entityId}}", payload: { text: "{{trigger.data.subject}}" } } }] };

const subjects = ["Algebra II", "Organic chemistry", "Essay writing", "Spanish conversation", "Piano, grade 4", "Statistics", "World history", "Physics: waves"];

export class Project {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "struere-browser-"));
  }

  run(args, input) {
    try {
      return execFileSync(program, ["--project", this.folder, ...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
    } catch (failure) {
      throw new Error(`struere ${args.join(" ")}: ${failure.stderr || failure.message}`);
    }
  }

  // A line as a shell in the folder of the project takes it.
  typed(line) {
    const found = spawnSync("sh", ["-c", line], { cwd: this.folder, encoding: "utf8", env: { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` } });
    return { status: found.status, text: found.stdout + found.stderr };
  }

  json(args, input) {
    return JSON.parse(this.run(["--json", ...args], input));
  }

  define(kind, name, definition) {
    mkdirSync(join(this.folder, kind), { recursive: true });
    writeFileSync(join(this.folder, kind, `${name}.json`), JSON.stringify(definition, null, 2));
  }

  create(environment, type, data) {
    return this.json(["-e", environment, "data", "create", type, JSON.stringify(data)]).id;
  }

  build({ sessions = 12 } = {}) {
    writeFileSync(join(this.folder, "struere.yaml"), 'database: struere.db\norganization: "Northstar Tutoring"\n');
    for (const [name, type] of Object.entries(types)) this.define("entity-types", name, type);
    for (const [name, role] of Object.entries(roles)) this.define("roles", name, role);
    this.define("agents", "tutor", agent("You are a patient tutor.\nAsk before you book anything.", "small-1"));
    this.define("tools", "send-mail", tool);
    this.define("triggers", "welcome", trigger);
    this.run(["sync"]);
    this.run(["deploy", "--yes", "--note", "the beginning"]);
    this.define("agents", "tutor", agent("You are a patient tutor.\nNever give the full solution at once.\nAsk before you book anything.", "large-2"));
    this.run(["sync"]);
    this.run(["users", "add", "mara", "--name", "Mara Quist", "--admin"]);
    for (const user of ["ana", "boris", "nora"]) this.run(["users", "add", user]);
    this.rows = { development: this.fill("development", sessions), production: this.fill("production", 3) };
    for (const environment of ["development", "production"]) {
      this.run(["-e", environment, "roles", "assign", "ana", "teacher"]);
      this.run(["-e", environment, "roles", "assign", "boris", "planner"]);
    }
    return this;
  }

  fill(environment, count) {
    const teachers = [["Ana Whitfield", "ana"], ["Chidi Okafor", "chidi"]].map(([name, userId], i) => this.create(environment, "teacher", { name, userId, hourlyRate: 40 + i * 5, subjects: ["maths", "physics"] }));
    const lines = Array.from({ length: count }, (_, i) => JSON.stringify({
      subject: subjects[i % subjects.length], teacherId: teachers[i % 2], minutes: [30, 45, 60, 90][i % 4], state: ["scheduled", "completed", "cancelled"][i % 3],
      startsAt: new Date(Date.UTC(2026, 0, 5 + i, 9 + (i % 6))).toISOString(), price: 20 + (i % 5) * 7.5, paymentId: `pay_${4000 + i * 37}`, online: i % 2 === 0, code: `${environment}-${i}`,
    }));
    this.run(["-e", environment, "data", "import", "session"], lines.join("\n"));
    this.run(["-e", environment, "data", "import", "payment"], ["4012", "4177"].map((tail) => JSON.stringify({ amount: 35.5, card: `9000 0000 0000 ${tail}` })).join("\n"));
    return { teachers };
  }

  async serve() {
    this.server = spawn(program, ["--project", this.folder, "--json", "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.server.stdout });
    this.url = await new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        const found = /https?:\/\/[^"\s]+/.exec(line);
        if (found) resolve(found[0].replace(/\/$/, ""));
      });
      this.server.on("exit", (code) => reject(new Error(`struere serve ended with ${code}`)));
    });
    return this;
  }

  invitation(user = "mara") {
    return this.json(["operators", "invite", user, "--address", this.url]).link;
  }

  stop() {
    this.server?.removeAllListeners("exit");
    this.server?.kill("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const started = async (options) => new Project().build(options).serve();
