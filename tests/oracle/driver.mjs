// Answers questions in bulk with npm's semantic-release: one JSON object on stdin,
// one on stdout. Runs in the folder that holds its node_modules.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { Writable } from "node:stream";

const inside = (path) => import(pathToFileURL(join(process.cwd(), "node_modules", path)));
const logger = { log() {}, error() {}, warn() {}, success() {} };

// semantic-release drops these commits, not its analyzer (lib/definitions/plugins.js).
const SKIP = /\[skip\s+release]|\[release\s+skip]/i;

async function levels({ rules, histories }) {
  const { analyzeCommits } = await inside("@semantic-release/commit-analyzer/index.js");
  const config = rules === "angular" ? {} : { preset: rules };
  const answers = [];
  for (const history of histories) {
    const commits = history
      .map(([hash, message]) => ({ hash, message: message.trim() }))
      .filter(({ message }) => !SKIP.test(message));
    try {
      answers.push({ level: await analyzeCommits(config, { cwd: process.cwd(), logger, commits }) });
    } catch (error) {
      answers.push({ crash: String(error) });
    }
  }
  return answers;
}

async function tags({ format, repositories }) {
  const getTags = (await inside("semantic-release/lib/branches/get-tags.js")).default;
  const getLastRelease = (await inside("semantic-release/lib/get-last-release.js")).default;
  const getNextVersion = (await inside("semantic-release/lib/get-next-version.js")).default;
  const options = { tagFormat: format };
  const answers = [];
  for (const cwd of repositories) {
    try {
      const context = { cwd, env: process.env, options };
      const [branch] = await getTags(context, [{ name: "main", type: "release" }]);
      const lastRelease = getLastRelease({ branch, options });
      const next = {};
      for (const type of ["major", "minor", "patch"]) {
        next[type] = getNextVersion({ branch, nextRelease: { type }, lastRelease, logger });
      }
      answers.push({ tag: lastRelease.gitTag ?? null, next });
    } catch (error) {
      answers.push({ crash: String(error) });
    }
  }
  return answers;
}

// What index.js and lib/branches/index.js do with the tags of each branch; without a
// repository, and without notes on channels.
async function lines({ histories }) {
  const definitions = await inside("semantic-release/lib/definitions/branches.js");
  const normalize = await inside("semantic-release/lib/branches/normalize.js");
  const semver = (await inside("semver/index.js")).default;
  const own = async (name) => (await inside(`semantic-release/lib/${name}.js`)).default;
  const [getReleaseToAdd, getLastRelease, getNextVersion] = [
    await own("get-release-to-add"), await own("get-last-release"), await own("get-next-version"),
  ];
  const options = { tagFormat: "v${version}" };
  return histories.map(({ branches, current, type }) => {
    try {
      const tagged = branches.map(({ name, tags }) => ({ name, tags: tags
        .map((gitTag) => ({ gitTag, version: (gitTag.match(/^v(.+)/) ?? [])[1], channels: [null] }))
        .filter(({ version }) => version && semver.valid(semver.clean(version))) }));
      const byType = Object.fromEntries(Object.entries(definitions)
        .map(([kind, { filter }]) => [kind, tagged.filter(filter)]));
      const found = {};
      for (const [kind, { branchesValidator }] of Object.entries(definitions)) {
        found[kind] = normalize[kind](byType);
        if (!branchesValidator(found[kind])) return { refused: `E${kind.toUpperCase()}BRANCHES` };
      }
      const all = [...found.maintenance, ...found.release, ...found.prerelease];
      const branch = all.find(({ name }) => name === current);
      const context = { branch, branches: all, options, logger };
      const added = getReleaseToAdd(context);
      if (added && branch.mergeRange && !semver.satisfies(added.nextRelease.version, branch.mergeRange)) {
        return { refused: "EINVALIDMAINTENANCEMERGE" };
      }
      if (type === null) return { version: null };
      const lastRelease = getLastRelease(context);
      const version = getNextVersion({ branch, nextRelease: { type }, lastRelease, logger });
      if (!semver.satisfies(version, branch.range)) return { refused: "EINVALIDNEXTVERSION" };
      return { version };
    } catch (error) {
      return { crash: String(error) };
    }
  });
}

// The whole program as its command line runs it, without the second that it takes to
// load: one dry run for each repository.
async function releases({ repositories }) {
  const semanticRelease = (await inside("semantic-release/index.js")).default;
  const silent = () => new Writable({ write: (chunk, encoding, done) => done() });
  const answers = [];
  for (const { cwd, url, branches, preset } of repositories) {
    const plugins = [["@semantic-release/commit-analyzer", preset ? { preset } : {}]];
    const options = { branches, plugins, repositoryUrl: url, dryRun: true, ci: false };
    const context = { cwd, env: { ...process.env, CI: "" }, stdout: silent(), stderr: silent() };
    try {
      const result = await semanticRelease(options, context);
      answers.push({ version: (result && result.nextRelease?.version) || null });
    } catch (error) {
      const errors = error.errors ?? [error]; // an AggregateError has several
      answers.push({ crash: [...errors].map((each) => each.code ?? each.name).join(" ") });
    }
  }
  return answers;
}

const question = JSON.parse(readFileSync(0, "utf8"));
const answers = await { levels, lines, releases, tags }[question.about](question);
process.stdout.write(JSON.stringify(answers));
