// Answers questions in bulk with npm's semantic-release: one JSON object on stdin,
// one on stdout. Runs in the folder that holds its node_modules.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

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

const question = JSON.parse(readFileSync(0, "utf8"));
const answers = await { levels, tags }[question.about](question);
process.stdout.write(JSON.stringify(answers));
