// Bundles the dashboard into dist/: index.html and assets/NAME-HASH.{js,css}. `--check` bundles without writing.
// A warning of esbuild fails the build, and so does a bundle over the limit.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const limit = 100_000; // bytes of all files together, each gzipped
const line_limit = 300;
const is_check = process.argv.includes("--check");

function fail(message) {
  console.error(`web: ${message}`);
  process.exit(1);
}

if (!existsSync(join(root, "node_modules", "preact"))) fail("the packages are missing; run `npm ci` in web/ first");

function source_files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? source_files(path) : [path];
  });
}

for (const file of source_files(join(root, "src"))) {
  const text = readFileSync(file, "utf8");
  if (text.split("\n").length > line_limit) fail(`${file} has over ${line_limit} lines; split it`);
  const refused = /dangerouslySetInnerHTML|innerHTML|\beval\(|new Function|document\.write/.exec(text);
  if (refused) fail(`${file} uses ${refused[0]}, which the page's content security policy refuses`);
}

const result = await build({
  absWorkingDir: root,
  entryPoints: { main: "src/main.jsx", style: "src/style/index.css" },
  outdir: dist,
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome111", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "file" },
  external: ["/assets/*"],
  minify: true,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "silent",
}).catch((failure) => {
  for (const fault of failure.errors ?? [])
    console.error(`${fault.location?.file ?? "web"}:${fault.location?.line ?? 0}: ${fault.text}`);
  if (!failure.errors) console.error(failure);
  process.exit(1);
});
for (const warning of result.warnings)
  console.error(`${warning.location?.file}:${warning.location?.line}: ${warning.text}`);
if (result.warnings.length > 0) fail("warnings are errors");

const named = (start, end) =>
  basename(Object.keys(result.metafile.outputs).find((path) => basename(path).startsWith(start) && path.endsWith(end)));
const html = readFileSync(join(root, "src", "index.html"), "utf8")
  .replace("STYLE", `/assets/${named("style-", ".css")}`)
  .replace("SCRIPT", `/assets/${named("main-", ".js")}`);
const files = [...result.outputFiles.map((file) => [file.path, file.contents]), [join(dist, "index.html"), Buffer.from(html)]];
const favicon = readFileSync(join(root, "src", "icon.svg"));
files.push([join(dist, "assets", "icon.svg"), favicon]);
const weight = files.reduce((sum, [, contents]) => sum + gzipSync(contents, { level: 9 }).length, 0);
if (weight > limit) fail(`${weight} bytes gzipped, and the limit is ${limit}`);

if (!is_check) {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, "assets"), { recursive: true });
  for (const [path, contents] of files) writeFileSync(path, contents);
}
console.log(`web: ${files.length} files, ${(weight / 1000).toFixed(1)} kB gzipped`);
